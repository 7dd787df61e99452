// Tables are sorted by a click on a column's head: up, down, and as the author had it.
(() => {
  const ru = document.documentElement.lang === "ru"
  const says = ru ? { sort: "Сортировать по столбцу" } : { sort: "Sort by column" }
  const LEAST = 3
  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true, sensitivity: "base" })

  /** A cell's number; days are numbers too; NaN for anything else. */
  const number = text => {
    const day = text.match(/^(\d{1,2})\.(\d{1,2})\.(\d{4})$/)
    if (day) return Date.UTC(day[3], day[2] - 1, day[1])
    let plain = text.replace(/[\s\u00a0\u202f%]/g, "").replace("−", "-")
    if (/^[+-]?(inf|∞)$/i.test(plain)) return plain.startsWith("-") ? -Infinity : Infinity
    plain = /^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/.test(plain) ? plain.replaceAll(",", "") : plain.replace(",", ".")
    return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : NaN
  }
  const text = (row, at) => row.cells[at]?.textContent.trim() ?? ""
  /** What has no value comes last, whichever way the column is sorted. */
  const compared = (a, b, down) => {
    if (!a || !b) return Number(!a) - Number(!b)
    const one = number(a), other = number(b)
    const found = Number.isNaN(one) || Number.isNaN(other)
      ? Number(Number.isNaN(one)) - Number(Number.isNaN(other)) || collator.compare(a, b)
      : one - other
    return down ? -found : found
  }
  const sort = head => {
    const table = head.closest("table"), body = table.tBodies[0], at = head.cellIndex
    const next = { none: "ascending", ascending: "descending", descending: "none" }[head.getAttribute("aria-sort") || "none"]
    for (const other of head.parentElement.cells) other.removeAttribute("aria-sort")
    if (next !== "none") head.setAttribute("aria-sort", next)
    const rows = [...body.rows]
    rows.sort((one, other) =>
      next === "none"
        ? one.dataset.row - other.dataset.row
        : compared(text(one, at), text(other, at), next === "descending") || one.dataset.row - other.dataset.row)
    body.append(...rows)
  }
  const fits = table => {
    const head = table.tHead?.rows[table.tHead.rows.length - 1]
    if (!head || table.tBodies.length !== 1 || table.tBodies[0].rows.length < LEAST) return null
    const ragged = [...table.rows].some(row => row.cells.length !== head.cells.length)
    return ragged || table.querySelector("[colspan], [rowspan]") ? null : head
  }
  const start = () => {
    for (const table of document.querySelectorAll(".md-content .kb-table table")) {
      const head = fits(table)
      if (!head || head.querySelector(".kb-sort")) continue
      for (const [place, row] of [...table.tBodies[0].rows].entries()) row.dataset.row = place
      for (const cell of head.cells) {
        const name = cell.textContent.trim()
        const button = document.createElement("button")
        button.type = "button"
        button.className = "kb-sort"
        button.setAttribute("aria-label", name ? `${says.sort} «${name}»` : says.sort)
        cell.classList.add("kb-sortable")
        cell.append(button)
      }
    }
  }
  document.addEventListener("click", event => {
    const head = event.target.closest?.("th.kb-sortable")
    if (head && !event.target.closest("a")) sort(head)
  })
  if (window.document$) window.document$.subscribe(start)
  else start()
})()
