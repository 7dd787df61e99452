// References are filtered by what is mentioned beside them: a click keeps, a click with Shift or Alt leaves out.
(() => {
  const apply = filter => {
    const chips = [...filter.querySelectorAll("button")]
    const of = state => chips.filter(chip => chip.dataset.state === state).map(chip => chip.dataset.ref)
    const kept = of("in"), left = of("out")
    const fits = each => {
      const refs = (each.dataset.refs || "").split(" ")
      return kept.every(ref => refs.includes(ref)) && !left.some(ref => refs.includes(ref))
    }
    for (const page of filter.parentElement.querySelectorAll(":scope > .kb-backlink")) {
      const quotes = [...page.querySelectorAll(":scope > .kb-quote")]
      for (const quote of quotes) quote.hidden = !fits(quote)
      page.hidden = quotes.length ? quotes.every(quote => quote.hidden) : !fits(page)
    }
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
