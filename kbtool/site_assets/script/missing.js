// The page for what is not there offers pages whose names are near what was asked for.
(() => {
  const FOUND = 6, LEAST = 0.28
  const plain = text => text.toLowerCase().normalize("NFC").replace(/ё/g, "е").replace(/[^\p{L}\p{N}]+/gu, " ").trim()
  const pieces = text => {
    const padded = `  ${text} `
    const found = new Set()
    for (let i = 0; i + 3 <= padded.length; i++) found.add(padded.slice(i, i + 3))
    return found
  }
  /** How much of their trigrams two texts share, from 0 to 1. */
  const likeness = (one, other) => {
    let both = 0
    for (const piece of one) both += other.has(piece)
    return (2 * both) / (one.size + other.size || 1)
  }
  const start = async () => {
    const box = document.querySelector(".kb-not-found[data-names]")
    const list = box?.querySelector(".kb-not-found__near")
    if (!list || list.children.length) return
    let path
    try {
      path = decodeURIComponent(location.pathname)
    } catch {
      path = location.pathname
    }
    const parts = path.replace(/(index)?\.html$|\/$/g, "").split("/").map(plain).filter(Boolean)
    const asked = [parts.at(-1), parts.slice(-2).join(" ")].filter(Boolean).map(pieces)
    const answer = await fetch(box.dataset.names)
    if (!asked.length || !answer.ok) return
    const names = await answer.json()
    const scored = names.map(([title, address, ...others]) => [
      Math.max(...[title, ...others].map(plain).map(pieces).flatMap(name => asked.map(one => likeness(one, name)))),
      title,
      address,
    ])
    scored.sort((one, other) => other[0] - one[0])
    for (const [score, title, address] of scored.slice(0, FOUND)) {
      if (score < LEAST) break
      const item = document.createElement("li"), link = document.createElement("a")
      link.href = new URL(address, new URL(box.dataset.root, location.href))
      link.textContent = title
      item.append(link)
      list.append(item)
    }
    box.querySelector(".kb-not-found__head").hidden = !list.children.length
  }
  if (window.document$) window.document$.subscribe(start)
  else start()
})()
