"use strict"
// Only what `kbtool serve` shows has this: it shows a page anew when it changed, and what is wrong with the notes.
;(() => {
  const russian = document.documentElement.lang === "ru"
  const words = russian
    ? { problems: "Замечания", own: "На этой странице", others: "На других", gone: "kbtool serve остановлен" }
    : { problems: "Problems", own: "On this page", others: "On others", gone: "kbtool serve has ended" }
  const panel = document.createElement("details")
  panel.className = "kb-live"
  panel.hidden = true
  document.body.append(panel)
  const state = sessionStorage.getItem("kb-live") === "open"
  panel.open = state
  panel.addEventListener("toggle", () => sessionStorage.setItem("kb-live", panel.open ? "open" : "shut"))

  const element = (name, text) => {
    const made = document.createElement(name)
    made.textContent = text
    return made
  }

  const here = decodeURIComponent(location.pathname)

  // What is about no page, such as the settings, concerns all.
  const show = (problems) => {
    panel.hidden = problems.length === 0
    panel.replaceChildren(element("summary", `${words.problems}: ${problems.length}`))
    section("", problems.filter((one) => one.page === undefined))
    section(words.own, problems.filter((one) => one.page === here))
    section(words.others, problems.filter((one) => one.page !== undefined && one.page !== here))
  }

  const section = (title, problems) => {
    if (problems.length === 0) return
    if (title) panel.append(element("strong", title))
    const list = document.createElement("ul")
    for (const one of problems) {
      const item = document.createElement("li")
      item.className = `kb-live__${one.severity}`
      if (one.path) item.append(element("code", `${one.path}:${one.line}:${one.column}`), " ")
      item.append(element("span", one.message))
      list.append(item)
    }
    panel.append(list)
  }

  // ---- the page, when it changed

  const PARTS = [".md-content", ".md-header__title", ".md-tabs", ".md-sidebar--primary", ".md-sidebar--secondary", ".md-footer"]
  const HEAD = "script[src], link:is([rel=stylesheet], [rel=prev], [rel=next])"
  const loaded = (page) => [...page.querySelectorAll(HEAD)].map((one) => one.src || one.href).join()
  const said = (part) => part.textContent.replace(/\s+/g, " ") + [...part.querySelectorAll("a[href]")].map((one) => one.href).join()

  // Fills what it says into the page that is open, which is much quicker than to load it again, and leaves its place, what
  // was typed, and what is open. False where that is not enough: another language, other scripts, pages before and after, kind.
  const filled = (page) => {
    const pairs = PARTS.map((part) => [document.querySelector(part), page.querySelector(part)])
    const fits = pairs[0][0] && pairs.every(([old, made]) => !old === !made) && document.documentElement.lang === page.documentElement.lang
    if (!fits || !window.document$ || loaded(document) !== loaded(page)) return false
    const top = scrollY
    document.title = page.title
    for (const [old, made] of pairs)
      if (old && (old.matches(".md-content") || said(old) !== said(made))) old.replaceChildren(...made.childNodes)
    window.document$.next(document) // the theme and the site's own scripts begin with what is there now
    scrollTo({ top, behavior: "instant" })
    return true
  }

  let asked = 0
  const renew = async () => {
    const mine = ++asked
    const text = await fetch(location.pathname).then((answer) => answer.ok ? answer.text() : "", () => "")
    const page = new DOMParser().parseFromString(text, "text/html")
    if (mine === asked && !filled(page)) location.reload() // the browser keeps the place to which a page was scrolled
  }

  const number = document.currentScript.dataset.number
  const events = new EventSource("/_kbtool/events?" + new URLSearchParams({ page: here, number }))
  events.addEventListener("problems", (event) => show(JSON.parse(event.data)))
  events.addEventListener("changed", (event) => {
    const pages = JSON.parse(event.data)
    document.dispatchEvent(new Event("kb-changed")) // scripts forget what they read of the site
    if (pages === null || pages.includes(here)) renew()
  })
  events.addEventListener("error", () => {
    panel.title = words.gone
  })
  addEventListener("pagehide", () => events.close())
})()
