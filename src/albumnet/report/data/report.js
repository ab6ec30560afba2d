// Sorts a table by a column when its heading is pressed; without this the page reads just as well.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const headings = table.querySelectorAll("th[data-sort]");
  for (const heading of headings) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const isNumber = heading.dataset.sort === "number";
      const now = heading.getAttribute("aria-sort");
      const isDown = now ? now === "ascending" : isNumber;
      const value = (row) => row.cells[heading.cellIndex].dataset.value ?? "";
      const compare = (one, other) => {
        const [first, second] = [value(one), value(other)];
        if (first === "" || second === "") return (first === "") - (second === "");
        const order = isNumber ? first - second : first.localeCompare(second);
        return isDown ? -order : order;
      };
      for (const other of headings) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", isDown ? "descending" : "ascending");
      body.append(...[...body.rows].sort(compare));
    });
  }
}
