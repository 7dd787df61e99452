// Blocks fold, and what a reader folded stays so: remembered by the blocks' ids, page by page, in this browser alone.
(() => {
  const ru = document.documentElement.lang === "ru"
  const says = ru
    ? { fold: "Свернуть или развернуть", open: "Развернуть всё", close: "Свернуть всё", copy: "Скопировать ссылку", copied: "Ссылка скопирована", source: "Исходный текст" }
    : { fold: "Fold or unfold", open: "Expand all", close: "Collapse all", copy: "Copy link", copied: "Link copied", source: "Source" }
  const HEADING = ":scope > :is(h2, h3, h4, h5, h6), :scope > .kb-folded > summary > :is(h2, h3, h4, h5, h6)"

  // ---- what is folded

  const place = () => "kb-folds:" + location.pathname
  const remembered = () => {
    try {
      return JSON.parse(localStorage.getItem(place())) || {}
    } catch {
      return {}  // no storage, or not ours
    }
  }
  const remember = folds => {
    try {
      if (Object.keys(folds).length) localStorage.setItem(place(), JSON.stringify(folds))
      else localStorage.removeItem(place())
    } catch { /* a reader without storage folds for the moment */ }
  }

  const details = block => block.querySelector(":scope > .kb-folded")
  const children = block => block.querySelector(":scope > .kb-outline")
  // A first heading that says the page's title again is not seen, so there is nothing to fold it by.
  const folds = block => Boolean(details(block) || children(block)) && !block.querySelector(":scope > .kb-echo")
  const anchor = block => block.id || block.querySelector(HEADING)?.id || ""
  const isOpen = block => details(block)?.open ?? !children(block)?.hidden
  const toggle = block => block.querySelector(":scope > .kb-toggle, :scope > :is(h2, h3, h4, h5, h6) > .kb-toggle")
  const show = block => {
    const open = isOpen(block)
    block.classList.toggle("kb-block--closed", !open && !details(block))
    toggle(block)?.setAttribute("aria-expanded", String(open))
  }
  const set = (block, open) => {
    const folded = details(block)
    if (folded) folded.open = open
    // Folded text is still found by the browser's own search, which unfolds it.
    else children(block).hidden = open ? false : "until-found"
    show(block)
  }
  /** Remembers a block's state where it is another one than the author's. */
  const keep = (block, known = remembered()) => {
    if (isOpen(block) === !details(block)) delete known[anchor(block)]
    else known[anchor(block)] = Number(isOpen(block))
    remember(known)
  }
  const all = () => [...document.querySelectorAll(".md-content .kb-page > .kb-outline .kb-block")].filter(
    block => folds(block) && anchor(block))
  const setAll = open => {
    const known = remembered()
    for (const block of all()) {
      set(block, open)
      if (open === !details(block)) delete known[anchor(block)]
      else known[anchor(block)] = Number(open)
    }
    remember(known)
  }
  const plain = text => {
    try {
      return decodeURIComponent(text)
    } catch {
      return text  // a stray percent sign
    }
  }
  /** Unfolds all that lies around the address' anchor. */
  const reveal = () => {
    const target = document.getElementById(plain(location.hash.slice(1)))
    if (!target) return
    for (let block = target.parentElement?.closest(".kb-block"); block; block = block.parentElement.closest(".kb-block"))
      if (folds(block) && !isOpen(block)) set(block, true)
    target.scrollIntoView()
  }

  // ---- what a block offers

  const button = (css, label, content) => {
    const made = document.createElement("button")
    made.type = "button"
    made.className = css
    made.title = label
    made.setAttribute("aria-label", label)
    made.textContent = content
    return made
  }
  const copy = async text => {
    try {
      await navigator.clipboard.writeText(text)
    } catch {  // not a secure context
      const area = document.createElement("textarea")
      area.value = text
      document.body.append(area)
      area.select()
      document.execCommand("copy")
      area.remove()
    }
    window.alert$?.next(says.copied)
  }
  const address = block => location.href.split("#")[0] + "#" + encodeURIComponent(anchor(block))

  /** A drawing of lines in a square of 24. */
  const icon = path => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
    svg.setAttribute("viewBox", "0 0 24 24")
    svg.setAttribute("aria-hidden", "true")
    svg.append(document.createElementNS(svg.namespaceURI, "path"))
    svg.firstChild.setAttribute("d", path)
    return svg
  }

  const actions = document.createElement("span")
  actions.className = "kb-actions"
  const link = button("kb-actions__copy", says.copy, "")
  link.append(icon("M10 14a4 4 0 0 0 6 0l4-4a4 4 0 0 0-6-6l-1.5 1.5M14 10a4 4 0 0 0-6 0l-4 4a4 4 0 0 0 6 6l1.5-1.5"))
  const source = document.createElement("a")
  source.className = "kb-actions__source"
  source.title = says.source
  source.setAttribute("aria-label", says.source)
  source.append(icon("M8 7l-5 5 5 5M16 7l5 5-5 5"))
  source.rel = "noopener noreferrer"
  link.addEventListener("click", () => copy(address(actions.closest(".kb-block"))))
  actions.append(link, source)
  /** Puts the buttons beside the block that is pointed at or has the focus. */
  const offer = block => {
    if (!block || !anchor(block) || !block.closest(".kb-page > .kb-outline") || actions.parentElement === block) return
    const base = document.querySelector(".kb-page")?.dataset.source
    source.hidden = !base || !block.dataset.line
    if (!source.hidden) source.href = `${base}#L${block.dataset.line}`
    block.append(actions)
  }

  // ---- the keyboard: one stop for the whole outline, arrows inside it

  const way = block => details(block)?.querySelector(":scope > summary") || block.querySelector(":scope > a.kb-bullet")
    || block.querySelector(HEADING)?.querySelector(":scope > .headerlink")
  const stops = () => [...document.querySelectorAll(".md-content .kb-page > .kb-outline .kb-block")].map(way).filter(
    each => each?.checkVisibility({ contentVisibilityAuto: true }) && !each.closest("[hidden]"))
  const reach = to => {
    for (const each of document.querySelectorAll(".kb-page > .kb-outline a.kb-bullet[tabindex='0']"))
      each.tabIndex = -1
    if (!to.matches("summary")) to.tabIndex = 0
    to.focus()
  }
  const step = (from, by) => {
    const known = stops(), at = known.indexOf(from)
    const to = by === Infinity ? known.at(-1) : by === -Infinity ? known[0] : known[at + by]
    if (to) reach(to)
  }
  const keys = event => {
    const from = event.target.closest?.(".kb-page > .kb-outline :is(a.kb-bullet, .headerlink, .kb-folded > summary)")
    if (!from || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
    const block = from.closest(".kb-block")
    const parent = block.parentElement.closest(".kb-block")
    const done = {
      ArrowDown: () => step(from, 1),
      ArrowUp: () => step(from, -1),
      Home: () => step(from, -Infinity),
      End: () => step(from, Infinity),
      ArrowRight: () => folds(block) && !isOpen(block) ? turn(block, true) : step(from, 1),
      ArrowLeft: () => folds(block) && isOpen(block) ? turn(block, false) : parent && way(parent) && reach(way(parent)),
      " ": () => folds(block) && turn(block, !isOpen(block)),
    }[event.key]
    if (!done) return
    event.preventDefault()
    event.stopPropagation()  // the theme turns pages with some of these
    done()
  }
  const turn = (block, open) => {
    set(block, open)
    keep(block)
  }

  // ---- a page

  const tools = () => {
    const head = document.querySelector(".kb-page > .kb-head")
    if (!head || document.querySelector(".kb-tools") || !all().length) return
    const made = document.createElement("div")
    made.className = "kb-tools"
    for (const [label, open] of [[says.open, true], [says.close, false]]) {
      const each = button("kb-tools__button", label, label)
      each.addEventListener("click", () => setAll(open))
      made.append(each)
    }
    head.after(made)
  }
  const start = () => {
    if (!document.querySelector(".kb-page")) return
    const known = remembered()
    for (const block of all()) {
      if (!toggle(block) && !details(block)) {
        const made = button("kb-toggle", says.fold, "")
        made.tabIndex = -1  // the keyboard folds from the bullet
        ;(block.querySelector(HEADING) || block).prepend(made)
      }
      const state = known[anchor(block)]
      if (state === undefined) show(block)
      else set(block, Boolean(state))
    }
    const bullets = document.querySelectorAll(".kb-page > .kb-outline a.kb-bullet")
    for (const each of bullets) {
      each.removeAttribute("aria-hidden")
      each.setAttribute("aria-label", each.title)
    }
    if (bullets.length) bullets[0].tabIndex = 0
    tools()
    if (location.hash) reveal()
  }

  document.addEventListener("click", event => {
    const block = event.target.closest?.(".kb-toggle")?.closest(".kb-block")
    if (block) turn(block, !isOpen(block))
  })
  document.addEventListener("toggle", event => {
    const block = event.target.matches?.(".kb-folded") ? event.target.parentElement : null
    if (!block?.matches(".kb-block") || !block.closest(".kb-page > .kb-outline")) return
    show(block)
    keep(block)
  }, true)
  document.addEventListener("beforematch", event => {
    const block = event.target.closest?.(".kb-block")
    if (block && children(block) === event.target) setTimeout(() => turn(block, true))
  })
  document.addEventListener("pointerover", event => offer(event.target.closest?.(".kb-block")))
  document.addEventListener("focusin", event => {
    if (!actions.contains(event.target)) offer(event.target.closest?.(".kb-block"))
  })
  document.addEventListener("keydown", keys, true)
  window.addEventListener("hashchange", reveal)
  if (window.document$) window.document$.subscribe(start)
  else start()
})()
