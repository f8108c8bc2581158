"""Vectors of what 1.0's first ones left open: rules that a decoder could read wrongly and still pass all of them.

Texts and three whole files come from somebody who wrote a decoder from the specification alone, tried wrong readings of it
and kept what told them apart; that decoder, `spec/decoder.py` and the package agree on each.
tests/differential/test_wrong_readings.py holds each such reading against its vector. Then faults that meet in a file (C-16),
and frames of model av1 (A-3).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sedic_tools.commands.vector_parts import Draft, Vector, bits, fault, make, make_av1, with_latent, with_payload
from sedicfmt.container.checksum import checksum
from sedicfmt.latents.av1.frame import tiles_of

# name: (clauses beside T-1 and T-2, what it shows, text)
TEXTS = {
    "raw-byte-order-mark-alone": ("T-1", "U+FEFF is neither taken away nor added, though nothing else is there", "\ufeff"),
    "braces-hide-no-capital": ("T-8", "a capital is expected behind } only if what is before it asks for one", "} dump"),
    "tie-space-first": ("T-12 1", "of equal sums the item with the space before it", "/water ?"),
    "tie-entry-before-spelling": ("T-12 2", "of equal sums the entry and not the letters; so the first one tried", "it"),
    "tie-fewer-characters-first": (
        "T-12 2", "of equal sums the shorter entry", ", adding a touch of whimsy.dog é juicy H",
    ),
    "tie-own-case-first": ("T-12 3", "of equal sums the entry as it is written, not the lowered one", "Japanese"),
    "tie-own-case-before-case": ("T-12 3", "of equal sums the entry as it is written, not {case} and another", "é Black"),
    "tie-own-case-before-upper": ("T-12 3", "of equal sums the entry as it is written, not {upper} and another", "é AND"),
    "tie-spelling-ends": ("T-12 4", "of equal sums the spelled item ends at the boundary", "  's"),
    "list-of-an-escape-alone": ("T-15", "a list whose symbols were all in the list before it", "Qq racers ?"),
    "spelled-up-to-its-last-space": ("T-16", "a spelled item ends before a space, the text's last one too", "serrated – \t "),
}  # fmt: skip


def uncommon() -> Iterator[Vector]:
    base = make(32, 32, 0)
    for name, (clauses, shows, words) in TEXTS.items():
        named = " ".join(dict.fromkeys(["T-1", "T-2", clauses.split()[0]]))
        yield Vector(f"text-{name}", named, shows, replace(base, text=words))
    yield Vector(
        "context-of-clamped-values", "H-10", "values of y beyond 127 beside those that they predict", whole(CLAMP)
    )
    least = with_latent(make(96, 64, 0), np.zeros, lambda i: np.full(i.shape, -128))
    yield Vector("context-of-minus-128", "H-10", "values of y that a byte could hold, and the clamp cuts", least)
    yield Vector("mask-question-b-in-column-0", "M-21", "{b 0 -1} in a row's first column", whole(COLUMN_0))
    yield damaged_tile()


def faulty() -> Iterator[Vector]:
    yield fault("z-longer-than-needed", "L-5 C-13", "malformed", "z", whole(LONGER))
    yield from several_faults()
    still = make_av1(48, 48, 0, latent_scale=8)
    at = tiles_of(still.y, *still.coded_size)[0].start
    filled = still.y[: at - 1] + bytes([still.y[at - 1] | 1]) + still.y[at:]
    yield fault("av1-fill-not-zero", "A-3", "malformed", "y", with_payload(still, 1, filled))
    yield fault("av1-without-its-tile", "A-3", "malformed", "y", with_payload(still, 1, still.y[:at].rstrip(b"\0")))


def several_faults() -> Iterator[Vector]:
    """C-16: what binds a writer's header only comes behind truncated and check."""
    file = make(32, 32, 1, 16)
    draft = Draft(file)
    whole_file = draft.build(optional="100")
    other = bytes([whole_file[-2], whole_file[-1] ^ 1])
    yield fault("optional-without-reason-and-check-wrong", "C-16 C-12", "check", "", whole_file[:-2] + other)
    yield fault("optional-without-reason-and-cut", "C-16 C-1", "truncated", "", whole_file[:30])
    draft.fill = "1"
    yield fault("header-fill-not-zero-and-check-wrong", "C-16 C-12", "check", "", draft.body() + b"\0\0")
    size = "000" + "0" + bits(63, 13) + bits(95, 13)  # 96x64 without ratio and eighths
    body = Draft(make(96, 64, 0)).body(size=size)
    yield fault("ratio-not-used-and-cut", "C-16 C-1", "truncated", "", body[:20] + checksum(body[:20]))


def damaged_tile() -> Vector:
    """A-3: the frame is one; that dav1d and libaom refuse its tile is no matter of the format."""
    still = make_av1(48, 48, 0, latent_scale=8)
    at = tiles_of(still.y, *still.coded_size)[0].start
    damaged = replace(still, y=still.y[:at] + b"\x80")
    return Vector("av1-damaged-tile", "A-3 A-5", "a tile that no decoder of AV1 paints: the file is valid", damaged)


def whole(lines: str) -> bytes:
    """A file from its base85."""
    return base64.b85decode(lines)


CLAMP = (
    "UeP>Jgt|VssyenNzqF~TNiImb+HR^YSF4*!_Fj6Oc|h+|z|JfyAArt@ZKaO(ePg8CY@;O{mP^gM7p-2hP_>sg3QoXlf~31Eyg7X1i)iN<%_A!QEy"
    "x+LYIf0Wf%ct)Hk9<pi}oGt9Xg2>7BN<nu&|wGIFzS|8dOSW9)rSiAL5nJO*nEmo1!SY`);B_Rs&S5amt!8eE470M6{13=_etP<J$}o%6RmzugCf"
    "afku!O;E12>^E*02@s|G$tiSy&o>Yw@X&bU;DyHOXhzLVX`)F^*U$fU3d1pRYYl`L?2bzaRg3v&!;pJ*xPJ=p!_vhi~%JyZhKfthx&fsZ#58<s$V"
    "g<e>CW&h{fx7Dc0s1Msr#TDcK<65Y>@=y}HtM)bSIQb}ajJ1{i)x!ttlEm>{Ee1WvWI&~D%}cPg!dNdS7;7G_ilh46a(<(Q-HyeWzs>QDfQ?H*D@"
    "KH1nWOi1li?S=?bI|jW^5J<WKhHyGvJlsh$R)VOkV_iGHR*eZu~`z#w)Lzc`r--?fq*$1Eag6q-kzXfM|NP(sopj{*sA-mEkp-7WrIdwpS+HUq{J"
    "A6b+KtXrb?OLgG>!3AULvn_zP_8x9i6y>7&aL><2=oScfLQgIZQ%|~#qs-PWAw6v11sZJr3K8>&-n_+@W#yyXpaVRbFo73wU0E|Ek1GTGmyCVMQ}"
    "_A3O_OC{=j)&013y6o;lQ%}l)TU+7AmnxpFQ|jnr&!`-ICwK^Wz+qcO`NW4pB?JtDxcZ2-QDSjW6stZ;Xun3ihAsx&z04ToLP#H?AoiwJs{Ah+n-"
    "Z%h}^iBGhVRp~3p|c18OOYA}Ni^-$UVa}ptC0WJM-JlNQg*oTQ^MAx;>Y$KdYG5k;kk(U|};!0IK{ir{bS4%59_wHllj`*#%-BPh4CR{Lr2zb`3o"
    "kq;B128F8ksRs<FVW_h(W8pVohN0-;M2Hp2+r&1HVr+0WDfJ&MYZ8WNA0=)`OYf?5QG-bf3FVz7HLSG?YKvwpzprCZ^oZ6#y<b`|Enyk9DuX?4(j"
    "m!7@z+L|BSu?MepaL8V>V$7=#~5k-r2j7h=B%zzm6B>i(_LZ7XY5>0fC&buAH?NCy1_`}|>`?|{#E`@Rq@JPzmB#Q*e@r60%V`u*^asX3!qD>Vxa"
    "?Q`RxF+PMR{T~znF2DxD>+t^=K*-Ujv^^B8uF7}XSh>Zsw`+5kEjb(S|HtX@92@`9a&`arMUNIxL~s94oWE54N?zkL(oXPCU#=pj$jp<2bw}Nf=3"
    "DWm9dSpL5%B~3idz~@;bY>Ka?On51CXnTA1^E#lm~uG551A|`C8R9$~yTSls0CZSSJA`7<Um75fKp)5fKp)5fKp)5fKp)5fKp)5fKp)5fKp)5fKp"
    ")5fKp)5fKp)5fKp)5fKp)5fKp)5fKp)5fKp)5fKp)5fKp)5fKp)5fKp)5fKp)5fKp)5fKp)5fKp)5fKp)5fKp)5fKp)5fKp)5fKp)5fKp)5heZsn"
    "3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$"
    "NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$ND"
    "n3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3$NDn3zmA4h{|u4h{|u4h{|u4h"
    "{|u4h{|u4h{|u4h{|u4h{|u4h{|u4h{|u4h{|u4h{|u4h{|u4h{}+UD46e(b3V-(b3V-(b3V-(b3V-(b3V-(b3V-(b3V-(b3V-(b3V-(b3V-(b3V"
    "-(b3V-(b3V-(b3V-(b3V-(b3V-(b3V-(b3V-(b3V-(b3V-(b3V-(b3V-(a|{i"
)
COLUMN_0 = (
    "UeP=NjsaQ{4ghRry3|?YixiQRuPo3v++n~RcXS!vk+9M3q%jCW2~f;Rp;nGi%%T4Vai{l@7@zzn=pWzWcghiwjbreSfyi>mf4^bB{amM3GJkuYAg"
    "ebQMdkh)UMgrSvuQ-=o|#Rh9d0JZwjux5nbirn0J|;!qrfg9eEtUg1N;7MlUnS<LRz<mdGdG@|M(#gP#9<$OZ<E*h>=I?#V)~!KLiDE4*%jo#~2U"
    ">{R8{`NhgqpVEey#Qr;(ugJK=yaB;SkMiVAeTP+uz^hMN15}PpTFUYfM2`Ta7WQY`!QMR$wYIJnsj(UlXh<`g<>*Z7mo+SB62sa_F^B~H*-w(^Cx"
    "^W>rz){&0%|l^$h6JeCZnxIQsm!dw!Q5}JYW>{|bmknq#MwT#!P!0X@)f-7lR=BeIP<~J-r_ciHHu|a;GDsPo*Yr=O+0OT3fa{G*Md~ItpxHkVG_"
    "@sdE#*)6f%1~uL$HWSqf4+gv*HCylPt;&-9rrCMWpZ6}=taDI&EMu>K7~ujEfdE%mx8D7z>trVHZ5a@Ep^sxGa~_9XcZ)%%_^9)7hn{^4;B^nx?@"
    "p!VLM;E_eG@Txf)57$$7JcU}*y5hnwz|Xu_E<tYv6b~7d<VXs;yRL>{PS&aqTt7FYD(?mmGW)9~i&+EckON9y<q}TqB)RVeUSN&GTHjR!?@r55q{"
    "bnr35U}h#<){~uU~dM%|wt9$k-O#2Ff>lavd<Qrtii}SO5R_Ctv?`VWA0V3M40GL^xZuDPGD8WFTk^w`}qINX8u"
)
LONGER = "UeP5%>F8(=n<xQD!|{5@Upkl=yg019WU~NFw*|saHB(B{{}V?Z0-xH@4(*TwfDzCdZMIClO()o%R9}HF"
