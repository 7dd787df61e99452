"use strict"
// Only what `kbtool serve` shows has this: it loads a page again when it changed, and shows what is wrong with the notes.
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

  const number = document.currentScript.dataset.number
  const events = new EventSource("/_kbtool/events?" + new URLSearchParams({ page: here, number }))
  events.addEventListener("problems", (event) => show(JSON.parse(event.data)))
  events.addEventListener("changed", (event) => {
    const pages = JSON.parse(event.data)
    // The browser keeps the place to which a page was scrolled.
    if (pages === null || pages.includes(here)) location.reload()
  })
  events.addEventListener("error", () => {
    panel.title = words.gone
  })
  addEventListener("pagehide", () => events.close())
})()
