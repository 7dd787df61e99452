// References are filtered by what is mentioned beside them: a click keeps, a click with Shift or Alt leaves out. Those
// that stand on pages of their own are read when a filter is used.
(() => {
  const boxes = filter => [...filter.parentElement.querySelectorAll(":scope > .kb-backlink")]
  const quotesOf = box => [...box.querySelectorAll(":scope > .kb-quote")]
  const marks = each => (each.dataset.refs || "").split(" ")

  // ---- references of other pages

  const read = async url => {
    const answer = await fetch(url)
    if (!answer.ok) throw new Error(String(answer.status))
    return new DOMParser().parseFromString(await answer.text(), "text/html")
  }
  const here = (element, base) => {
    const copy = document.importNode(element, true)
    for (const each of copy.querySelectorAll("[href], [src]"))
      for (const name of ["href", "src"])
        if (each.hasAttribute(name)) each.setAttribute(name, new URL(each.getAttribute(name), base).href)
    return copy
  }
  const all = async first => {
    const found = []
    for (let url = first; url;) {
      const page = await read(url)
      for (const box of page.querySelectorAll(".kb-backlinks > .kb-backlink")) {
        const copy = here(box, url), before = found.at(-1)
        // A page's quotes may go on where the next part begins.
        if (before?.querySelector("h3 a").href === copy.querySelector("h3 a").href) before.append(...quotesOf(copy))
        else found.push(copy)
      }
      const next = page.querySelector(".kb-steps a[rel=next]")
      url = next && new URL(next.getAttribute("href"), url).href
    }
    return found
  }
  const complete = async filter => {
    const link = filter.parentElement.querySelector(":scope > .kb-backlinks__all > a")
    if (!link || location.protocol === "file:") return
    filter.whole ||= all(link.href).then(found => {
      for (const box of boxes(filter)) box.remove()
      filter.after(...found)
      link.parentElement.remove()
    })
    await filter.whole.catch(() => delete filter.whole)  // those that stand here can be filtered all the same
  }

  // ---- what is shown

  const show = (element, number, narrowed) => {
    element.dataset.all ??= element.textContent
    element.textContent = narrowed ? number : element.dataset.all
  }
  const count = filter => {
    const narrowed = Boolean(filter.querySelector("[data-state=in], [data-state=out]"))
    const left = boxes(filter).filter(box => !box.hidden)
    const seen = left.flatMap(box => quotesOf(box).length ? quotesOf(box).filter(quote => !quote.hidden) : [box])
    const heads = filter.parentElement.querySelectorAll(":scope > .kb-backlinks__head > .kb-count")
    const head = [...heads].at(-1)
    if (head) show(head, `${left.length} / ${head.dataset.all ?? head.textContent}`, narrowed)
    for (const chip of filter.querySelectorAll("button"))
      show(chip.querySelector(".kb-count"), String(seen.filter(each => marks(each).includes(chip.dataset.ref)).length), narrowed)
  }
  const apply = async filter => {
    await complete(filter)
    const chips = [...filter.querySelectorAll("button")]
    const of = state => chips.filter(chip => chip.dataset.state === state).map(chip => chip.dataset.ref)
    const kept = of("in"), left = of("out")
    const fits = each => kept.every(ref => marks(each).includes(ref)) && !left.some(ref => marks(each).includes(ref))
    for (const page of boxes(filter)) {
      const quotes = quotesOf(page)
      for (const quote of quotes) quote.hidden = !fits(quote)
      page.hidden = quotes.length ? quotes.every(quote => quote.hidden) : !fits(page)
    }
    count(filter)
  }
  document.addEventListener("click", event => {
    const chip = event.target.closest?.(".kb-filter > button")
    if (!chip) return
    const state = event.shiftKey || event.altKey ? "out" : "in"
    chip.dataset.state = chip.dataset.state === state ? "" : state
    chip.setAttribute("aria-pressed", String(Boolean(chip.dataset.state)))
    apply(chip.parentElement)
  })
  const start = () => {
    for (const filter of document.querySelectorAll(".kb-filter")) {
      filter.hidden = false
      if (filter.querySelector("[data-state]")) apply(filter) // the page's own `filters::`
    }
  }
  if (window.document$) window.document$.subscribe(start)
  else start()
})()
