// Material's search box listens to keys alone: text that is pasted by mouse, dropped or dictated comes without any.
document.addEventListener("input", ({ target }) => {
  if (target.matches?.(".md-search__input")) target.dispatchEvent(new Event("keyup"))
})

// It shows what its worker answers at once, the best results. The others are asked for here, when the reader comes to the
// last one shown, and the box tells of how many these are.
;(() => {
  const box = document.querySelector(".md-search")
  if (!box || !window.Worker) return
  const input = box.querySelector(".md-search__input")
  const meta = box.querySelector(".md-search-result__meta")
  const waiting = meta.textContent.trim()  // as the page comes: search begins
  const list = box.querySelector(".md-search-result__list")
  const around = box.querySelector(".md-search__scrollwrap")
  const config = JSON.parse(document.querySelector("#__config").textContent)
  const root = new URL(config.base, location.href)
  const says = config.translations

  let worker = null
  let total = 0
  let isOpen = false
  let isAsked = false
  let isFocusWanted = false

  const shown = () => list.children.length
  const isMore = () => isOpen || shown() < total

  const made = (name, className, html = "") => {
    const element = document.createElement(name)
    if (className) element.className = className
    element.innerHTML = html  // of the worker's making, which escapes what notes say
    return element
  }

  // ---------------------------------------------------------------- what the theme makes of a result, made again

  const address = ({ location: place, terms }) => {
    const url = new URL(place, root)
    const found = Object.keys(terms).filter(term => terms[term])
    if (config.features.includes("search.highlight")) url.searchParams.set("h", found.join(" "))
    return url.href
  }

  const linkTo = (part, isPage, isShown) => {
    const link = made("a", "md-search-result__link")
    link.href = address(part)
    link.tabIndex = -1
    const article = made("article", "md-search-result__article md-typeset")
    article.dataset.mdScore = part.score.toFixed(2)
    if (isPage) article.append(made("div", "md-search-result__icon md-icon"))
    article.append(made(isPage ? "h1" : "h2", "", part.title))
    if (isShown) article.insertAdjacentHTML("beforeend", part.text)
    const missing = Object.keys(part.terms).filter(term => !part.terms[term])
    if (isShown && missing.length) {
      const terms = made("p", "md-search-result__terms")
      terms.append(`${says["search.result.term.missing"]}: `)
      for (const term of missing) {
        const gone = document.createElement("del")
        gone.textContent = term
        terms.append(gone, " ")
      }
      article.append(terms)
    }
    link.append(article)
    return link
  }

  const itemOf = parts => {
    const at = parts.findIndex(({ location: place }) => !place.includes("#"))
    const blocks = parts.filter((_, place) => place !== at)
    const best = blocks.filter(({ score }) => score >= parts[0].score)
    const rest = blocks.filter(({ score }) => score < parts[0].score)
    const item = made("li", "md-search-result__item")
    item.append(linkTo(parts[at], true, at === 0 && !best.length), ...best.map(part => linkTo(part, false, true)))
    if (rest.length) {
      const more = made("details", "md-search-result__more", "<summary tabindex=-1><div></div></summary>")
      more.querySelector("div").textContent = rest.length === 1
        ? says["search.result.more.one"]
        : says["search.result.more.other"].replace("#", rest.length)
      more.append(...rest.map(part => linkTo(part, false, true)))
      item.append(more)
    }
    return item
  }

  // ---------------------------------------------------------------- how many there are

  const tell = () => {
    for (const [at, item] of [...list.children].entries()) {
      item.setAttribute("aria-posinset", at + 1)
      item.setAttribute("aria-setsize", isOpen ? -1 : total)
    }
    if (total < 2 && !isOpen) return
    const count = total.toLocaleString(document.documentElement.lang || undefined) + (isOpen ? "+" : "")
    const part = isMore() ? ` · 1–${shown()}` : ""
    meta.textContent = says["search.result.other"].replace("#", count) + part
  }

  // The theme says to type until the first answer is there, and takes that to no words for one to those typed meanwhile.
  const tellToWait = () => {
    if (input.value.trim()) meta.textContent = waiting
  }

  input.addEventListener("input", () => {
    if (meta.textContent === says["search.result.placeholder"]) tellToWait()
  })

  const watched = new IntersectionObserver(seen => {
    if (seen.some(({ isIntersecting }) => isIntersecting)) ask()
  }, { root: around, rootMargin: "0px 0px 200px 0px" })

  const watch = () => {
    watched.disconnect()
    if (isMore() && list.lastElementChild) watched.observe(list.lastElementChild)
  }

  const ask = () => {
    if (isAsked || !isMore()) return
    isAsked = true
    worker.postMessage({ type: 4 })
  }

  const take = data => {
    isOpen = data.isOpen
    total = data.items.length || isOpen ? data.total : shown()  // a text may be gone when the site has been built anew
    isAsked = false
    tell()
    watch()
  }

  const onMessage = ({ data: { type, data } }) => {
    if (type === 3) {
      isFocusWanted = false
      if (!data.query) tellToWait()
      setTimeout(() => take(data))  // when the theme has shown its part
    }
    if (type === 5) {
      const items = data.items.map(itemOf)
      list.append(...items)
      take(data)
      if (isFocusWanted && items.length) items[0].querySelector("a").focus()
      isFocusWanted = false
    }
  }

  // An arrow at the last result would go back to the first.
  document.addEventListener("keydown", event => {
    const links = list.querySelectorAll(":not(details) > [href], summary, details[open] [href]")
    if (event.key !== "ArrowDown" || !links.length || document.activeElement !== links[links.length - 1] || !isMore()) return
    event.preventDefault()
    event.stopImmediatePropagation()
    isFocusWanted = true
    ask()
  }, true)

  // The theme keeps its worker to itself; this is the one that is asked a query.
  const { postMessage } = Worker.prototype
  Worker.prototype.postMessage = function (message, ...rest) {
    if (message?.type === 2) {
      worker = this
      worker.addEventListener("message", onMessage)
      Worker.prototype.postMessage = postMessage
    }
    return postMessage.call(this, message, ...rest)
  }
  document.addEventListener("kb-changed", () => worker?.postMessage({ type: 6 }))  // of `kbtool serve`
  meta.setAttribute("role", "status")
})()
