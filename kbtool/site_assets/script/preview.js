// A look at the page or block behind a link: when it is pointed at, has the focus, or is pressed for long.
(() => {
  if (location.protocol === "file:") return  // a page read from disk may not read another
  const ru = document.documentElement.lang === "ru"
  const says = ru ? { preview: "Предпросмотр" } : { preview: "Preview" }
  const WAIT = 350, LEAVE = 250, PRESS = 500, KEPT = 30, BLOCKS = 12
  const known = new Map()
  const box = document.createElement("div")
  box.className = "kb-preview md-typeset"
  box.hidden = true
  box.setAttribute("role", "region")
  let link = null, timer = 0, pressed = false

  /** The address behind a link that leads to a page of this site, or to another place on this one. */
  const address = each => {
    if (!each?.href || each.closest(".kb-preview, .kb-actions, .kb-steps, .md-footer")) return null
    if (each.matches(".headerlink, .kb-bullet, .kb-file") || each.origin !== location.origin) return null
    const url = new URL(each.href)
    if (/\.(?!html$)[a-z0-9]{1,5}$/i.test(url.pathname)) return null
    return url.pathname === location.pathname && !url.hash ? null : url
  }
  const read = url => {
    const page = url.origin + url.pathname
    if (url.pathname === location.pathname) return Promise.resolve(document)
    if (!known.has(page)) {
      if (known.size >= KEPT) known.delete(known.keys().next().value)
      known.set(page, fetch(page).then(async answer => {
        if (!answer.ok) throw new Error(String(answer.status))
        return new DOMParser().parseFromString(await answer.text(), "text/html")
      }))
      known.get(page).catch(() => known.delete(page))
    }
    return known.get(page)
  }

  // ---- what is shown

  const plain = text => {
    try {
      return decodeURIComponent(text)
    } catch {
      return text  // a stray percent sign
    }
  }
  const heading = block => block.matches(".kb-block--heading")
  /** The elements that a look at an address shows: a block, a section, or a page's beginning. */
  const chosen = (page, hash) => {
    const target = hash ? page.getElementById(plain(hash.slice(1))) : null
    const block = target?.closest(".kb-block")
    if (!block) return [page.querySelector(".kb-page > .kb-head h1"), ...beginning(page)]
    const found = [block]
    if (heading(block) && !block.querySelector(":scope > .kb-outline"))
      for (let next = block.nextElementSibling; next && !heading(next) && found.length < BLOCKS; next = next.nextElementSibling)
        found.push(next)
    return found
  }
  const beginning = page => {
    const outline = page.querySelector(".kb-page > .kb-outline")
    if (outline) return [...outline.children].slice(0, BLOCKS)
    return [...page.querySelectorAll(".kb-page > :not(.kb-head)")].slice(0, 3)
  }
  const copied = (element, base) => {
    const copy = document.importNode(element, true)
    for (const each of copy.querySelectorAll(".headerlink, .kb-toggle, .kb-actions, .kb-tools, .md-clipboard, .md-code__nav, script"))
      each.remove()
    for (const each of [copy, ...copy.querySelectorAll("*")]) {
      each.removeAttribute("id")
      if (each.matches("a.kb-bullet")) each.tabIndex = -1
      for (const name of ["href", "src"])
        if (each.hasAttribute(name)) each.setAttribute(name, new URL(each.getAttribute(name), base).href)
    }
    return copy
  }
  const filled = (page, url) => {
    const found = chosen(page, url.hash).filter(Boolean).map(each => copied(each, url))
    const list = document.createElement("ul")
    list.className = "kb-outline"
    const title = page.querySelector(".kb-page > .kb-head h1")?.textContent || page.title
    box.replaceChildren()
    for (const each of found) {
      if (each.matches("li")) list.append(each)
      else box.append(each)
    }
    if (list.children.length) box.append(list)
    box.setAttribute("aria-label", `${says.preview}: ${title.trim()}`)
    return found.length > 0
  }
  const place = () => {
    const at = link.getBoundingClientRect(), width = Math.min(460, innerWidth - 24)
    box.classList.remove("kb-preview--above")
    const below = innerHeight - at.bottom, above = below < 260 && at.top > below
    box.classList.toggle("kb-preview--above", above)
    const room = (above ? at.top : below) - 20
    for (const [name, value] of Object.entries({
      width: `${width}px`,
      maxHeight: `${Math.max(120, Math.min(380, room))}px`,
      left: `${Math.max(12, Math.min(at.left, innerWidth - width - 12))}px`,
      top: above ? "auto" : `${at.bottom + 8}px`,
      bottom: above ? `${innerHeight - at.top + 8}px` : "auto",
    })) box.style[name] = value
  }

  // ---- when

  const hide = () => {
    clearTimeout(timer)
    link = null
    box.hidden = true
  }
  const show = async (each, url) => {
    link = each
    const page = await read(url).catch(() => null)  // no page, no look at it
    if (!page || link !== each || !filled(page, url)) return
    if (!box.isConnected) document.body.append(box)
    box.hidden = false
    box.scrollTop = 0
    place()
  }
  const later = (run, wait) => {
    clearTimeout(timer)
    timer = setTimeout(run, wait)
  }
  const anchorOf = event => event.target.closest?.(".md-content a[href], .kb-preview")
  document.addEventListener("pointerover", event => {
    if (event.pointerType !== "mouse") return
    const each = anchorOf(event)
    if (each === box || (link && each === link)) return clearTimeout(timer)
    const url = address(each)
    if (url) later(() => show(each, url), WAIT)
    else if (!box.hidden) later(hide, LEAVE)
    else clearTimeout(timer)
  })
  document.addEventListener("focusin", event => {
    const each = anchorOf(event)
    if (pressed || each === box || box.contains(event.target)) return  // a finger that lifts moves the focus
    const url = address(each)
    if (url && each.matches(":focus-visible")) later(() => show(each, url), WAIT)
    else if (!box.hidden) hide()
  })
  document.addEventListener("focusout", event => {
    if (event.target === link && !box.contains(event.relatedTarget)) later(hide, LEAVE)
    else if (!link) clearTimeout(timer)
  })
  document.addEventListener("pointerdown", event => {
    pressed = false
    if (!box.hidden && !box.contains(event.target)) hide()
    if (event.pointerType === "mouse") return
    const each = anchorOf(event), url = address(each)
    if (url) later(() => {
      pressed = true
      show(each, url)
    }, PRESS)
  })
  const cancel = () => {
    if (!pressed && box.hidden) clearTimeout(timer)
  }
  for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, cancel)
  document.addEventListener("pointermove", event => {
    if (event.pointerType !== "mouse") cancel()
  })
  /** The click and the menu that end a long press are not meant. */
  const swallow = event => {
    if (!pressed || box.contains(event.target)) return
    event.preventDefault()
    event.stopPropagation()
    if (event.type === "click") pressed = false
  }
  document.addEventListener("click", swallow, true)
  document.addEventListener("contextmenu", swallow, true)
  document.addEventListener("keydown", event => {
    pressed = false
    if (event.key === "Escape" && !box.hidden) hide()
  })
  document.addEventListener("scroll", event => {
    if (!box.hidden && !box.contains(event.target)) hide()
  }, true)
  document.addEventListener("kb-changed", () => known.clear())  // of `kbtool serve`
  window.document$?.subscribe(hide)
})()
