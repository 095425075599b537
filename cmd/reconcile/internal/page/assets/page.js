// Sorting, filtering, the reader's time zone and the choice of a language. Everything else
// works without this file.
(() => {
  "use strict";
  const own = document.currentScript;
  if (own && own.hasAttribute("data-choose")) {
    const japanese = (navigator.languages || [navigator.language]).find((l) => /^(ja|en)\b/i.test(l));
    location.replace((/^ja/i.test(japanese || "") ? "ja" : "en") + own.dataset.choose);
    return;
  }

  const two = (n) => String(n).padStart(2, "0");
  const zone = () => {
    const part = new Intl.DateTimeFormat(document.documentElement.lang, { timeZoneName: "short" })
      .formatToParts(new Date()).find((p) => p.type === "timeZoneName");
    return part ? part.value : "";
  };
  const local = zone();
  for (const time of document.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    if (isNaN(at)) continue;
    const day = two(at.getMonth() + 1) + "-" + two(at.getDate());
    const clock = two(at.getHours()) + ":" + two(at.getMinutes());
    const isLong = time.textContent.endsWith("UTC");
    time.title = time.dateTime.replace("T", " ").replace("Z", " UTC");
    if (isLong) time.textContent = at.getFullYear() + "-" + day + " " + clock + " " + local;
    else if (time.textContent.length > 10) time.textContent = day + " " + clock;
    else time.textContent = at.getFullYear() + "-" + day;
  }
  for (const span of document.querySelectorAll("[data-zone]")) span.textContent = local;

  const keyOf = (row, column) => {
    const cell = row.cells[column];
    const time = cell && cell.querySelector("time");
    return time ? time.dateTime : cell ? cell.textContent.trim() : "";
  };
  const compare = new Intl.Collator(document.documentElement.lang, { numeric: true }).compare;
  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const body = table.tBodies[0];
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.title = document.body.dataset.sort;
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const rows = [...body.rows].map((row) => [keyOf(row, column), row]);
        rows.sort((a, b) => (up ? 1 : -1) * compare(a[0], b[0]));
        body.append(...rows.map((pair) => pair[1]));
      });
    });
    if (body.rows.length < 10) continue;
    const label = document.createElement("label");
    label.className = "filter";
    const input = document.createElement("input");
    input.type = "search";
    label.append(document.body.dataset.filter + " ", input);
    table.closest(".scroll").before(label);
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of body.rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      }
    });
  }
})();
