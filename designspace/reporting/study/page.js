"use strict";
(() => {
  const table = document.getElementById("trials");
  const tip = document.getElementById("tip");
  if (!table) return;
  const body = table.tBodies[0];
  const cells = (row) => [...row.cells];
  const key = (row, column) => {
    const cell = row.cells[column];
    if (!("v" in cell.dataset)) return cell.textContent.trim();
    return cell.dataset.v === "" ? null : Number(cell.dataset.v);
  };

  // Sorting: a click sorts, a second one turns the order round; what is unknown stays last.
  const compare = (a, b) =>
    typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true });
  const sort = (heading, column) => {
    const before = heading.getAttribute("aria-sort");
    const numeric = heading.classList.contains("n");
    const first = numeric && column > 1 ? "descending" : "ascending";
    const turned = before === "ascending" ? "descending" : "ascending";
    const order = before ? turned : first;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", order);
    const rows = [...body.rows].map((row) => [key(row, column), row]);
    rows.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      return order === "ascending" ? compare(a, b) : compare(b, a);
    });
    body.append(...rows.map(([, row]) => row));
    shorten();
  };
  cells(table.tHead.rows[0]).forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    button.addEventListener("click", () => sort(heading, column));
    heading.replaceChildren(button);
  });

  // A long table shows its first rows until asked for all.
  const LIMIT = 40;
  let all = body.rows.length <= LIMIT * 1.25;
  const more = document.createElement("button");
  const shorten = () => {
    [...body.rows].forEach((row, place) => (row.hidden = !all && place >= LIMIT));
    more.hidden = all;
  };
  more.id = "more";
  more.type = "button";
  more.textContent = `Show all ${body.rows.length} trials`;
  more.addEventListener("click", () => ((all = true), shorten()));
  table.parentElement.after(more);
  shorten();

  // Tooltips: a mark is a link to its trial's row, and the row has all there is to say.
  const marks = [...document.querySelectorAll(".picture a, .strip a")];
  const rowOf = (mark) => document.getElementById(mark.getAttribute("href").slice(1));
  const line = (tag, text) => {
    const part = document.createElement(tag);
    part.textContent = text;
    return part;
  };
  let lit = [];
  const hide = () => {
    tip.hidden = true;
    for (const part of lit) part.classList.remove("on");
    lit = [];
  };
  const show = (mark) => {
    hide();
    const row = rowOf(mark);
    if (!row) return;
    const [number, state, epochs, top1, macs, params, changes] = cells(row).map((cell) =>
      cell.textContent.replace(/\s+/g, " ").trim(),
    );
    tip.replaceChildren(
      line("b", `Trial ${number}: ${changes}`),
      line("span", `top-1 ${top1} % · ${macs} ${table.dataset.unit} · ${params} M params`),
      line("span", `${state} after ${epochs} epoch${epochs === "1" ? "" : "s"}`),
    );
    lit = [row, ...marks.filter((other) => rowOf(other) === row)];
    for (const part of lit) part.classList.add("on");
    tip.hidden = false;
    const at = mark.getBoundingClientRect();
    const left = Math.min(Math.max(8, at.left + at.width / 2 - tip.offsetWidth / 2),
      innerWidth - tip.offsetWidth - 8);
    const above = at.top - tip.offsetHeight - 10;
    tip.style.left = `${left}px`;
    tip.style.top = `${above > 4 ? above : at.bottom + 10}px`;
  };

  // The nearest mark within a finger's width answers, so that small dots need no aiming.
  const REACH = 22;
  const nearest = (event, within) => {
    let best = null;
    let least = REACH;
    for (const mark of marks) {
      if (!within.contains(mark)) continue;
      const box = mark.getBoundingClientRect();
      if (!box.width) continue;
      const away = Math.hypot(event.clientX - box.left - box.width / 2,
        event.clientY - box.top - box.height / 2);
      if (away < least) [best, least] = [mark, away];
    }
    return best;
  };
  for (const place of document.querySelectorAll(".picture, .strips")) {
    const follow = (event) => {
      const mark = nearest(event, place);
      if (mark) show(mark);
      else hide();
    };
    place.addEventListener("pointermove", follow);
    place.addEventListener("pointerdown", follow);
    place.addEventListener("pointerleave", hide);
  }
  for (const mark of marks) {
    mark.addEventListener("focus", () => show(mark));
    mark.addEventListener("blur", hide);
    mark.addEventListener("click", () => {
      const row = rowOf(mark);
      if (row && row.hidden) ((all = true), shorten());
    });
  }
  addEventListener("scroll", hide, { passive: true });
  document.documentElement.dataset.ready = String(marks.length);
})();
