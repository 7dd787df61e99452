// Opens pages in frames, does to each element what a reader may do, and gives the addresses of those that ran `hit`.
async addresses => {
  const TYPES = ("click mouseover mouseenter pointerover pointerdown mousedown mouseup mousemove auxclick contextmenu "
    + "dblclick wheel focus focusin copy selectstart keydown dragstart touchstart scroll toggle beforetoggle submit input "
    + "animationstart animationend load error begin").split(" ")
  const frames = new Map(), hit = new Set()
  window.struck = inner => {
    while (inner.parent !== window) inner = inner.parent
    hit.add([...frames].find(([, frame]) => frame.contentWindow === inner)?.[0] ?? "?")
  }
  const open = address => new Promise(done => {
    const frame = document.createElement("iframe")
    frames.set(address, frame)
    frame.onload = done
    setTimeout(done, 2000)
    frame.src = address
    document.body.append(frame)
  })
  const poke = frame => {
    let inner
    try { inner = frame.contentDocument } catch { return }
    // Links lead on only where they are scripts: the page is to stay.
    inner?.addEventListener("click", event => {
      const link = event.composedPath().find(each => each.localName === "a" || each.localName === "area")
      const to = String(link?.href?.baseVal ?? link?.href ?? "").replace(/[\s\0-\x20]/g, "")
      if (link && !/^javascript:/i.test(to)) event.preventDefault()
    })
    // Events matter to what listens: by an attribute, or by an animation that another element's event begins.
    const moves = inner?.querySelector("animate, animateMotion, animateTransform, set")
    for (const each of inner?.querySelectorAll("*") ?? []) {
      const listens = moves || inner.scripts?.length || each.getAttributeNames().some(name => /(^|:)on/i.test(name))
      for (const type of listens ? TYPES : []) each.dispatchEvent(new Event(type, { cancelable: true }))
      if (/^(a|area|button|input)$/.test(each.localName))
        each.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }))
    }
  }
  for (let at = 0; at < addresses.length; at += 50) {
    await Promise.all(addresses.slice(at, at + 50).map(open))
    for (const frame of frames.values()) poke(frame)
    await new Promise(done => setTimeout(done, 150))
    for (const frame of frames.values()) frame.remove()
    frames.clear()
  }
  return [...hit]
}
