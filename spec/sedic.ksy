# The structure of a .sedic file for Kaitai Struct (https://kaitai.io): section 1 of sedic.md, which decides where the two differ.
#
# All of the header is bits. Kaitai's bit types have literal widths, so an Exp-Golomb number (C-7) is a chain of `bit`s, each of
# which doubles what stands before it. The compiler moves on to a whole byte where a user type follows a bit type in one `seq`;
# so the header's own `seq` has user types only, and nothing is skipped between them.
#
# Not checked, because Kaitai has no words for it: the check (C-12) and what the segments hold (sections 2 to 5).
meta:
  id: sedic
  title: Semantically disentangled image file
  file-extension: sedic
  license: Apache-2.0
  ks-version: "0.11"
  endian: be
  bit-endian: be
doc-ref: sedic.md, section 1

seq:
  - id: header
    type: header
    doc-ref: sedic.md, C-2, C-3
  - id: segments
    type: segment(_index, _io.pos)
    repeat: expr
    repeat-expr: header.num_segments
    doc-ref: sedic.md, C-1, C-6
  - id: extensions
    type: 'extension(_index == 0 ? 0 : extensions[_index - 1].type)'
    if: header.extended
    repeat: until
    repeat-until: _io.pos >= _io.size - 2
    doc-ref: sedic.md, C-10
  - id: check
    type: u2
    valid:
      expr: _io.eof and _io.size <= 4194304
    doc: CRC-16 of all bytes before; with it the file ends.
    doc-ref: sedic.md, C-1, C-12

instances:
  version:
    value: header.fixed.version
  num_objects:
    value: header.fixed.num_objects
    doc: J
  width:
    value: header.size.width
  height:
    value: header.size.height
  model_id:
    value: header.model_id.value
  latent_scale:
    value: header.latent.scale
  seed:
    value: header.latent.seed

enums:
  kind:
    0: latent_z
    1: latent_y
    2: text_overall
    3: text_object
    4: mask

types:
  header:
    seq:
      - id: fixed
        type: fixed
      - id: size
        type: size
        valid:
          expr: _.is_canonical and _.is_possible
      - id: model_id
        type: exp_golomb(3, fixed.bits + size.bits)
        valid:
          expr: _.value <= 255
        doc-ref: sedic.md, R-1
      - id: latent
        type: latent
        valid:
          expr: (size.width * _.scale + 15) / 16 <= 8192 and (size.height * _.scale + 15) / 16 <= 8192
        doc-ref: sedic.md, L-1
      - id: lengths
        type: |
          exp_golomb(
            _index == 0 ? 7 : _index == 1 ? 11 : _index == 2 or _index % 2 == 1 ? 6 : 5,
            _index == 0 ? model_id.end + latent.bits : lengths[_index - 1].end)
        repeat: expr
        repeat-expr: 'extended ? num_segments : num_segments - 1'
        valid:
          expr: _.value <= 1048576
        doc: In bytes, of the segments in order. The last segment's is left out where no extensions follow.
        doc-ref: sedic.md, C-1, C-7
      - id: fill
        type: zero
        repeat: expr
        repeat-expr: (8 - lengths.last.end % 8) % 8
        doc-ref: sedic.md, C-8
    instances:
      num_segments:
        value: 3 + 2 * fixed.num_objects
      extended:
        value: latent.optional and latent.extended

  fixed:
    seq:
      - id: magic
        type: b16
        valid: 0x5ed1
      - id: version
        type: b3
        valid: 1
      - id: num_objects
        type: b3
    instances:
      bits:
        value: 22
    doc-ref: sedic.md, C-2, C-3

  size:
    seq:
      - id: ratio
        type: b3
        enum: ratio
      - id: eighths
        type: b1
      - id: long
        type: b1
        if: eighths
      - id: rows_in_pixels
        type: b13
        if: not eighths
      - id: rows_long
        type: b10
        if: eighths and long
      - id: rows_short
        type: b7
        if: eighths and not long
      - id: columns_in_pixels
        type: b13
        if: ratio == ratio::none and not eighths
      - id: columns_in_eighths
        type: b10
        if: ratio == ratio::none and eighths
    instances:
      height:
        value: 'eighths ? 8 * ((long ? rows_long : rows_short) + 1) : rows_in_pixels + 1'
      free_width:
        value: 'eighths ? 8 * (columns_in_eighths + 1) : columns_in_pixels + 1'
        if: ratio == ratio::none
      width:
        value: |
          ratio == ratio::none ? free_width
          : ratio == ratio::r1_1 ? height
          : ratio == ratio::r3_2 ? height * 3 / 2
          : ratio == ratio::r2_3 ? height * 2 / 3
          : ratio == ratio::r4_3 ? height * 4 / 3
          : ratio == ratio::r3_4 ? height * 3 / 4
          : ratio == ratio::r16_9 ? height * 16 / 9
          : height * 9 / 16
      is_possible:
        value: width >= 16 and width <= 8192 and height >= 16 and height <= 8192
      has_ratio:
        value: |
          width == height or width == height * 3 / 2 or width == height * 2 / 3 or width == height * 4 / 3
          or width == height * 3 / 4 or width == height * 16 / 9 or width == height * 9 / 16
      fits_eighths:
        value: height % 8 == 0 and (ratio != ratio::none or width % 8 == 0)
      is_canonical:
        value: |
          has_ratio == (ratio != ratio::none) and eighths == fits_eighths and (not eighths or long == (height > 1024))
        doc: The rules for writers, which C-13 has a reader check.
      bits:
        value: |
          4 + (eighths ? (long ? 11 : 8) : 13) + (ratio != ratio::none ? 0 : eighths ? 10 : 13)
    enums:
      ratio:
        0: none
        1: r1_1
        2: r3_2
        3: r2_3
        4: r4_3
        5: r3_4
        6: r16_9
        7: r9_16
    doc-ref: sedic.md, C-5

  latent:
    seq:
      - id: scale_less_one
        type: b5
      - id: optional
        type: b1
      - id: extended
        type: b1
        if: optional
      - id: seeded
        type: b1
        if: optional
        valid:
          expr: _ or extended
      - id: seed_value
        type: b32
        if: optional and seeded
        valid:
          expr: _ != 0
    instances:
      scale:
        value: scale_less_one + 1
        doc: The latent shows the picture at this many sixteenths of its size.
      seed:
        value: 'optional and seeded ? seed_value : 0'
      bits:
        value: '6 + (optional ? 2 + (seeded ? 32 : 0) : 0)'
    doc-ref: sedic.md, C-3, C-4

  exp_golomb:
    params:
      - id: k
        type: u1
      - id: begin
        type: u4
        doc: Bits of the header before this number.
    seq:
      - id: zeros_and_one
        type: bit(0)
        repeat: until
        repeat-until: _.number == 1 or zeros_and_one.size == 18
      - id: rest
        type: 'bit(_index == 0 ? 0 : rest[_index - 1].number)'
        repeat: expr
        repeat-expr: zeros_and_one.size - 1 + k
    instances:
      g:
        value: zeros_and_one.size - 1
      value:
        value: rest.last.number + (((1 << g) - 1) << k)
      end:
        value: begin + 2 * g + 1 + k
    doc: An Exp-Golomb number of order k.
    doc-ref: sedic.md, C-7

  bit:
    params:
      - id: before
        type: u4
    seq:
      - id: is_one
        type: b1
    instances:
      number:
        value: '2 * before + (is_one ? 1 : 0)'
        doc: What the bits read so far stand for.

  zero:
    seq:
      - id: is_one
        type: b1
        valid: false

  segment:
    params:
      - id: index
        type: u1
      - id: offset
        type: u4
        doc: Of its first byte in the file.
    seq:
      - id: payload
        size: num_bytes
        valid:
          expr: num_bytes <= 1048576
    instances:
      num_bytes:
        value: 'index < _root.header.lengths.size ? _root.header.lengths[index].value : _io.size - 2 - offset'
      kind:
        value: 'index < 3 ? index : 4 - index % 2'
        enum: kind
      object:
        value: (index - 3) / 2
        if: index >= 3
        doc: The number of the object, from 0.
      maker:
        pos: offset
        type: maker
        if: index == 0 and _root.model_id == 5 and num_bytes >= 13
        doc: Of model compressai, who made the latent; the string of z follows.
    doc-ref: sedic.md, C-6, C-7, C-9, K-2

  maker:
    seq:
      - id: architecture
        type: u1
        enum: architecture
      - id: checkpoint
        size: 8
      - id: symbols
        size: 4
    enums:
      architecture:
        1: bmshj2018_factorized
        2: bmshj2018_hyperprior
        3: mbt2018_mean
        4: mbt2018
        5: cheng2020_anchor
        6: cheng2020_attn
    doc-ref: sedic.md, K-2, K-3, K-7

  extension:
    params:
      - id: type_before
        type: u1
    seq:
      - id: critical
        type: b1
        valid: false
        doc: Version 1 defines no extension. A reader that knows a critical one has another line here.
      - id: type
        type: b7
        valid:
          expr: _ > type_before
      - id: length
        type: length
        valid:
          expr: _.is_shortest and _.value <= 1048576
      - id: payload
        size: length.value
    doc-ref: sedic.md, C-10

  length:
    seq:
      - id: sevens
        type: u1
        repeat: until
        repeat-until: _ < 128 or sevens.size == 3
    instances:
      is_shortest:
        value: sevens.last < 128 and (sevens.last > 0 or sevens.size == 1)
      value:
        value: |
          (sevens[0] & 127) + (sevens.size > 1 ? (sevens[1] & 127) << 7 : 0) + (sevens.size > 2 ? sevens[2] << 14 : 0)
    doc-ref: sedic.md, C-11
