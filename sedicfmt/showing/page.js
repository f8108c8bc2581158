"use strict";
// One page about one file: the slider chooses a stage's picture; what the pointer or the focus is on is told and marked.

const shots = [...document.querySelectorAll(".stack .shot")];
const slider = document.getElementById("stage");
const tip = document.getElementById("tip");
const told = document.getElementById("part");
const nothing = told ? told.textContent : "";

function showStage() {
  const at = Number(slider.value);
  shots.forEach((shot, i) => shot.querySelector("img").classList.toggle("now", i === at));
  const name = shots[at].dataset.name;
  document.getElementById("stage-name").textContent = name;
  slider.setAttribute("aria-valuetext", name);
}
if (slider) {
  slider.addEventListener("input", showStage);
  showStage();
}

const masks = document.getElementById("show-masks");
if (masks) masks.addEventListener("change", () => document.body.classList.toggle("no-masks", !masks.checked));

function mark(name, value) {
  for (const one of document.querySelectorAll(`[data-${name}].on`)) one.classList.remove("on");
  if (value === undefined) return;
  for (const one of document.querySelectorAll(`[data-${name}="${value}"]`)) one.classList.add("on");
}

function look(target, x, y) {
  const place = target instanceof Element ? target : null;
  const object = place ? place.closest("[data-object]") : null;
  mark("object", object ? object.dataset.object : undefined);
  tip.hidden = !(object && object.closest(".masks"));
  if (!tip.hidden) {
    tip.textContent = object.getAttribute("aria-label");
    tip.style.left = `${Math.max(4, Math.min(x + 12, innerWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${Math.max(4, Math.min(y + 16, innerHeight - tip.offsetHeight - 8))}px`;
  }
  const part = place ? place.closest("[data-part]") : null;
  mark("part", part ? part.dataset.part : undefined);
  const row = part ? document.querySelector(`tr[data-part="${part.dataset.part}"]`) : null;
  if (told) told.textContent = row ? row.dataset.told : nothing;
}

document.addEventListener("pointermove", (event) => look(event.target, event.clientX, event.clientY));
document.addEventListener("pointerdown", (event) => look(event.target, event.clientX, event.clientY));
document.addEventListener("focusin", (event) => {
  const box = event.target.getBoundingClientRect();
  look(event.target, box.left + box.width / 2, box.top + box.height / 2);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") look(null, 0, 0);
});
