// Graphs: the whole one on its own page, and what is near a page below its text, once a reader asks for it. Places are
// worked out when the site is built and come with the links in a file; what is drawn here is drawn on a canvas.
(() => {
  const ru = document.documentElement.lang === "ru"
  const says = ru
    ? {
      graph: "Граф страниц", help: "Стрелки ведут от страницы к странице, Enter открывает, пробел сворачивает, + и − меняют масштаб, 0 показывает всё, Shift со стрелкой двигает",
      find: "Найти на графе", none: "ничего не найдено", of: "из", in: "Ближе", out: "Дальше", all: "Показать всё", links: "ссылки:",
      fold: "Свернуть", unfold: "Развернуть", hubs: "Свернуть хабы", days: "Дни журнала", wanted: "ещё не написана", near: "Соседи", further: "Соседи соседей",
      hint: "Наведите или нажмите на точку, чтобы узнать страницу", failed: "Данные графа не загрузились; показано то, что есть на странице",
      disk: "С диска браузер не даёт прочитать данные графа; показано то, что есть на странице", empty: "Эта страница пока ни с чем не связана",
    }
    : {
      graph: "Graph of pages", help: "Arrows lead from page to page, Enter opens, Space folds, + and − zoom, 0 shows everything, Shift with an arrow moves",
      find: "Find in the graph", none: "nothing found", of: "of", in: "Zoom in", out: "Zoom out", all: "Show everything", links: "links:",
      fold: "Fold", unfold: "Unfold", hubs: "Fold hubs", days: "Journal days", wanted: "not written yet", near: "Neighbours", further: "Their neighbours",
      hint: "Point at a dot, or tap it, to see its page", failed: "The data of the graph did not load; shown is what stands on this page",
      disk: "From disk a browser does not read the data of the graph; shown is what stands on this page", empty: "Nothing is linked with this page yet",
    }
  const GROUPS = 10  // colours; more communities begin again with the first
  const SPACE = 20  // between pages, in the units of the layout
  const CELL = 40  // of the grid that finds what is under the pointer
  const LINKS = 9000, LENGTH = 1.2e6  // drawn at once, and pixels of all of them: of more nobody can follow one
  const LABELS = 70
  const QUICK = 7  // ms: what is drawn as fast is drawn anew in each frame, else its picture is moved until all is still
  const MARGIN = 0.25  // of the picture around what is seen, so that moving it shows no edge at once
  const FOUND = 40  // names shown of what a search found
  const NEAR = 60  // pages around a page
  const FURTHER = 12  // of which so many are asked what is near them: each may stand in a file of its own
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches
  const clamp = (value, least, most) => Math.max(least, Math.min(most, value))
  const make = (tag, css, ...content) => {
    const made = document.createElement(tag)
    if (css) made.className = css
    made.append(...content)
    return made
  }

  // ---- the graph as a value

  /** A graph: `names`, `addresses`, places `x`, `y`, `groups`, who is `wanted` only, pairs `from`, `to`, neighbours. */
  const graphOf = (nodes, pairs) => {
    const near = nodes.names.map(() => [])
    for (const [one, other] of pairs) near[one].push(other), near[other].push(one)
    const order = near.map((_, node) => node).sort((a, b) => near[b].length - near[a].length || a - b)
    const weight = pairs.map(([one, other]) => Math.max(near[one].length, near[other].length))
    // Links of pages with few of them tell most: they are drawn first.
    const ranks = pairs.map((_, at) => at).sort((a, b) => weight[a] - weight[b] || a - b)
    return {
      ...nodes, near, order, size: near.length, folded: new Set(), hidden: new Uint8Array(near.length),
      x: Float64Array.from(nodes.x), y: Float64Array.from(nodes.y),
      from: Int32Array.from(ranks, at => pairs[at][0]), to: Int32Array.from(ranks, at => pairs[at][1]),
      radii: Float32Array.from(near, links => Math.min(2.6 + 0.8 * Math.sqrt(links.length), SPACE * 0.6)),
      plain: nodes.names.map(name => name.toLocaleLowerCase()),
    }
  }

  const loading = new Map()
  document.addEventListener("kb-changed", () => loading.clear())  // of `kbtool serve`
  /** What a file says, null where it cannot be read. */
  const load = url => {
    if (location.protocol === "file:") return Promise.resolve(null)
    if (!loading.has(url)) loading.set(url, fetch(url).then(answer => answer.ok ? answer.json() : null).catch(() => null))
    return loading.get(url)
  }
  const addressing = (folders, root) => slug => {
    const path = slug.split("/").map(encodeURIComponent).join("/")
    return new URL(!folders ? path + ".html" : path === "index" ? "./" : path + "/", root).href
  }
  /** The whole graph. */
  const whole = (data, url) => {
    const pairs = data.links.flatMap((others, one) => others.map(other => [one, other]))
    const addresses = data.slugs.map(addressing(data.folders, new URL("../../", url)))
    return graphOf({ ...data, addresses, wanted: data.slugs.map((_, node) => node >= data.written) }, pairs)
  }

  /** Places for a small graph: the same forces as at build time, without a grid; the first page is in the middle. */
  const small = (nodes, pairs) => {
    const count = nodes.names.length
    const turn = Math.PI * (3 - Math.sqrt(5))
    const x = Array.from({ length: count }, (_, at) => 1.3 * SPACE * Math.sqrt(at) * Math.cos(at * turn))
    const y = Array.from({ length: count }, (_, at) => 1.3 * SPACE * Math.sqrt(at) * Math.sin(at * turn))
    const rounds = clamp(Math.round(400000 / (count * count)), 40, 250)
    const ideal = 2.2 * SPACE
    const degree = new Float64Array(count)
    for (const [one, other] of pairs) degree[one]++, degree[other]++
    for (let round = 0; round < rounds; round++) {
      const fx = new Float64Array(count), fy = new Float64Array(count)
      for (let one = 0; one < count; one++) {
        fx[one] -= 0.03 * x[one]
        fy[one] -= 0.03 * y[one]
        for (let other = one + 1; other < count; other++) {
          const dx = x[one] - x[other], dy = y[one] - y[other]
          const push = ideal * ideal / (dx * dx + dy * dy + 1)
          fx[one] += dx * push, fy[one] += dy * push, fx[other] -= dx * push, fy[other] -= dy * push
        }
      }
      for (const [one, other] of pairs) {
        const dx = x[one] - x[other], dy = y[one] - y[other]
        const pull = Math.hypot(dx, dy) / ideal / Math.sqrt(Math.min(degree[one], degree[other]))
        fx[one] -= dx * pull, fy[one] -= dy * pull, fx[other] += dx * pull, fy[other] += dy * pull
      }
      const most = SPACE * 2 * (1 - round / rounds) + 0.5
      for (let at = 1; at < count; at++) {
        const size = Math.hypot(fx[at], fy[at])
        const part = size > most ? most / size : 1
        x[at] += fx[at] * part
        y[at] += fy[at] * part
      }
    }
    return graphOf({ ...nodes, x, y }, pairs)
  }

  // ---- what is near a page, out of small files (kbtool/render/surroundings.py)

  /** The digest of a page's place, by whose beginning its file is called: CRC-32, two bits a sign. */
  const digest = slug => {
    let sum = -1
    for (const byte of new TextEncoder().encode(slug)) {
      sum ^= byte
      for (let bit = 0; bit < 8; bit++) sum = sum >>> 1 ^ (sum & 1 ? 0xedb88320 : 0)
    }
    return ((sum ^ -1) >>> 0).toString(4).padStart(16, "0")
  }
  /** Reads what is near pages: `of(slug)` gives a page and those around it, and which of these are linked. */
  const surroundings = async url => {
    const directory = await load(url)
    if (!directory) return null
    const files = new Set(directory.files.split(" "))
    const of = async slug => {
      const key = digest(slug)
      const name = Array.from({ length: key.length + 1 }, (_, size) => key.slice(0, size) || "all").find(one => files.has(one))
      const shard = name && await load(new URL(name + ".json", url).href)
      if (!shard || !Object.hasOwn(shard.pages, slug)) return null
      const [nodes, pairs] = shard.pages[slug]
      return { nodes: nodes.map(at => shard.nodes[at]), pairs }
    }
    return { of, address: addressing(directory.folders, new URL("../../../", url)) }
  }
  /** The surroundings of a page, the page first; further ones as far as there is room, those that most share first. */
  const around = async (near, first, steps) => {
    const slugs = first.nodes.map(([slug]) => slug)
    const told = await Promise.all(steps > 1 ? slugs.slice(1, FURTHER + 1).map(near.of) : [])
    const known = [first, ...told.filter(Boolean)]
    const nodes = new Map(first.nodes.map(node => [node[0], node])), shares = new Map()
    for (const { nodes: others } of known.slice(1))
      for (const node of others) if (!nodes.has(node[0])) shares.set(node[0], { node, count: 1 + (shares.get(node[0])?.count || 0) })
    const further = [...shares.values()].sort((a, b) => b.count - a.count).slice(0, NEAR - nodes.size)
    for (const { node } of further) nodes.set(node[0], node)
    const numbers = new Map([...nodes.keys()].map((slug, number) => [slug, number])), pairs = new Map()
    for (const { nodes: others, pairs: linked } of known) {
      const tie = (one, other) => {
        const pair = [numbers.get(others[one][0]), numbers.get(others[other][0])].sort((a, b) => a - b)
        if (pair[0] !== undefined && pair[1] !== undefined) pairs.set(pair.join(" "), pair)
      }
      for (let at = 1; at < others.length; at++) tie(0, at)
      for (let at = 0; at < linked.length; at += 2) tie(linked[at], linked[at + 1])
    }
    const chosen = [...nodes.values()]
    const groups = chosen.map((_, at) => at === 0 ? 0 : at < slugs.length ? 1 : 2)
    const ordered = [...pairs.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1])
    return small({ names: chosen.map(([, name]) => name), addresses: chosen.map(([slug]) => near.address(slug)), groups, wanted: chosen.map(([, , wanted]) => Boolean(wanted)) }, ordered)
  }

  // ---- without a file: what stands on the page

  const collector = () => {
    const nodes = { names: [], addresses: [], groups: [], wanted: [] }
    const numbers = new Map(), pairs = new Map()
    const node = (link, group) => {
      const key = link.href.split("#")[0]
      if (!numbers.has(key)) {
        numbers.set(key, nodes.names.length)
        nodes.names.push(link.textContent.trim()), nodes.addresses.push(key), nodes.groups.push(group)
        nodes.wanted.push(Boolean(link.classList?.contains("kb-wanted")))
      }
      return numbers.get(key)
    }
    const tie = (one, other) => {
      if (one !== other) pairs.set(one < other ? one + " " + other : other + " " + one, [Math.min(one, other), Math.max(one, other)])
    }
    return { node, tie, done: () => small(nodes, [...pairs.values()]) }
  }
  const listed = () => {
    const found = collector()
    let group = 0
    for (const item of document.querySelectorAll(".kb-hubs > ol > li")) {
      const link = item.querySelector("a")
      const hub = found.node(link, group++)
      for (const other of item.querySelectorAll("ul a")) found.tie(hub, found.node(other, group - 1))
    }
    return found.done()
  }
  const linked = () => {
    const found = collector()
    const here = found.node({ textContent: document.querySelector(".kb-head h1").textContent, href: location.href }, 0)
    const root = document.querySelector(".kb-page")
    const place = new URL(document.querySelector(".kb-local").dataset.near, location.href)
    const site = new URL("../../../", place).href
    const add = (link, group) => {
      const plain = link.href.split("#")[0]
      const file = /\.[a-z0-9]+$/i.exec(plain)
      if (plain.startsWith(site) && (!file || file[0] === ".html")) found.tie(here, found.node(link, group))
    }
    for (const link of root.querySelectorAll("a[href]:not(.kb-bullet)"))
      if (!link.closest(".kb-backlinks, .kb-query, .kb-local, .kb-actions, .kb-state")) add(link, 1)
    for (const link of root.querySelectorAll(".kb-backlinks:not(.kb-mentions) .kb-backlink > h3 a, .kb-backlinks .kb-chip a, .kb-inside li a")) add(link, 2)
    return found.done()
  }

  // ---- the view

  class View {
    constructor(graph, parts, options) {
      Object.assign(this, { graph, options, ...parts })
      this.context = this.canvas.getContext("2d")
      this.picture = document.createElement("canvas")
      this.drawn = null  // the view that the picture was made for
      this.cost = 0
      this.look = { x: 0, y: 0, zoom: 1 }
      this.current = -1
      this.hovered = -1
      this.found = null
      this.pointers = new Map()
      this.times = []
      this.index()
      this.refold()
      this.colours()
      this.observe()
      this.listen()
      this.resize()
    }

    /** Another graph in the same view. */
    show(graph) {
      this.graph = graph
      this.current = this.hovered = -1
      this.found = null
      this.index()
      this.refold()
      this.fit(false)
      this.tell()
    }

    index() {
      const { x, y, size } = this.graph
      this.grid = new Map()
      for (let node = 0; node < size; node++) {
        const key = Math.floor(x[node] / CELL) + " " + Math.floor(y[node] / CELL)
        if (!this.grid.has(key)) this.grid.set(key, [])
        this.grid.get(key).push(node)
      }
      const seen = new Map()
      this.leading = new Uint8Array(size)
      for (const node of this.graph.order) {
        const group = this.graph.groups[node]
        const rank = seen.get(group) || 0
        if (rank < 2 && this.graph.near[node].length > 1) this.leading[node] = 1
        seen.set(group, rank + 1)
      }
    }

    colours() {
      const style = getComputedStyle(this.root)
      const get = name => style.getPropertyValue(name).trim()
      this.paint = {
        groups: Array.from({ length: GROUPS }, (_, at) => get("--kb-group-" + at)),
        single: get("--kb-group-none"), line: get("--kb-graph-line"), strong: get("--kb-graph-strong"),
        text: get("--md-default-fg-color"), ground: get("--md-default-bg-color"), accent: get("--md-accent-fg-color"),
        font: "500 12px " + get("--md-text-font-family").replace(/^$/, "sans-serif"),
      }
      this.stale()
    }

    observe() {
      this.sizes = new ResizeObserver(() => this.resize())
      this.sizes.observe(this.canvas)
      this.themes = new MutationObserver(() => this.root.isConnected ? this.colours() : this.close())
      this.themes.observe(document.body, { attributes: true, attributeFilter: ["data-md-color-scheme"] })
    }

    close() {
      this.sizes.disconnect()
      this.themes.disconnect()
    }

    /** The canvas takes its size, which wipes it: it is drawn at once, else it would be seen blank for a frame. */
    resize() {
      const { width, height } = this.canvas.getBoundingClientRect()
      const ratio = Math.min(window.devicePixelRatio || 1, 2)
      if (!width || !height || (width === this.width && height === this.height && ratio === this.ratio)) return
      const first = !this.width
      Object.assign(this, { width, height, ratio })
      this.canvas.width = Math.round(width * ratio)
      this.canvas.height = Math.round(height * ratio)
      if (first) this.fit(false)
      this.drawn = null
      this.redraw()
    }

    // ---- where we look

    toScreen(node) {
      const { x, y, zoom } = this.look
      return [(this.graph.x[node] - x) * zoom + this.width / 2, (this.graph.y[node] - y) * zoom + this.height / 2]
    }
    toWorld(left, top) {
      const { x, y, zoom } = this.look
      return [(left - this.width / 2) / zoom + x, (top - this.height / 2) / zoom + y]
    }
    fit(moving = true) {
      const { x, y, size } = this.graph
      if (!size || !this.width) return
      let left = Infinity, right = -Infinity, top = Infinity, bottom = -Infinity
      for (let node = 0; node < size; node++) {
        left = Math.min(left, x[node]), right = Math.max(right, x[node])
        top = Math.min(top, y[node]), bottom = Math.max(bottom, y[node])
      }
      const room = 56
      const zoom = Math.min((this.width - 2 * room) / (right - left + 1), (this.height - room) / (bottom - top + 1))
      this.least = Math.min(zoom, 1) / 2
      this.go({ x: (left + right) / 2, y: (top + bottom) / 2, zoom: clamp(zoom, 0.02, 2.2) }, moving)
    }
    go(look, moving = true) {
      cancelAnimationFrame(this.moving)
      if (!moving || still()) {
        this.look = look
        return this.draw()
      }
      const from = this.look, begin = performance.now()
      const step = now => {
        const part = clamp((now - begin) / 220, 0, 1), ease = 1 - (1 - part) ** 3
        this.look = {
          x: from.x + (look.x - from.x) * ease, y: from.y + (look.y - from.y) * ease,
          zoom: from.zoom * (look.zoom / from.zoom) ** ease,
        }
        this.draw()
        if (part < 1) this.moving = requestAnimationFrame(step)
      }
      this.moving = requestAnimationFrame(step)
    }
    zoomBy(factor, left = this.width / 2, top = this.height / 2, moving = false) {
      const [x, y] = this.toWorld(left, top)
      const zoom = clamp(this.look.zoom * factor, this.least || 0.02, 8)
      this.go({ x: x - (left - this.width / 2) / zoom, y: y - (top - this.height / 2) / zoom, zoom }, moving)
    }
    /** Moves so that a page is seen. */
    reveal(node, close = false) {
      const [left, top] = this.toScreen(node)
      const edge = 60
      const inside = left > edge && top > edge && left < this.width - edge && top < this.height - edge
      const zoom = close ? Math.max(this.look.zoom, 1) : this.look.zoom
      if (!inside || zoom !== this.look.zoom) this.go({ x: this.graph.x[node], y: this.graph.y[node], zoom })
    }

    // ---- drawing

    stale() {
      this.drawn = null
      this.draw()
    }
    draw() {
      if (!this.frame) this.frame = requestAnimationFrame(() => this.redraw())
    }
    redraw() {
      cancelAnimationFrame(this.frame)
      this.frame = 0
      if (!this.width) return
      const begin = performance.now()
      const { look, drawn } = this
      const same = drawn && drawn.zoom === look.zoom && drawn.x === look.x && drawn.y === look.y
      const late = !drawn || (!same && (this.cost < QUICK || !this.covers()))
      if (late) this.repaint()
      else if (!same) {
        clearTimeout(this.settling)
        this.settling = setTimeout(() => this.stale(), 120)
      }
      const { context, ratio } = this
      context.setTransform(1, 0, 0, 1, 0, 0)
      context.clearRect(0, 0, this.canvas.width, this.canvas.height)
      const marked = this.marked()
      context.globalAlpha = marked ? 0.28 : 1
      const scale = look.zoom / this.drawn.zoom
      const left = (this.drawn.x - look.x) * look.zoom + this.width / 2 - this.drawn.width / 2 * scale
      const top = (this.drawn.y - look.y) * look.zoom + this.height / 2 - this.drawn.height / 2 * scale
      context.drawImage(this.picture, left * ratio, top * ratio, this.picture.width * scale, this.picture.height * scale)
      context.globalAlpha = 1
      context.setTransform(ratio, 0, 0, ratio, 0, 0)
      if (marked) this.overlay(marked)
      this.times.push(performance.now() - begin)
      if (this.times.length > 600) this.times.shift()
    }
    /** Whether the picture is good enough for what is looked at. */
    covers() {
      const { look, drawn } = this
      const scale = look.zoom / drawn.zoom
      if (scale > 2.2 || scale < 0.45) return false
      const aside = Math.abs(look.x - drawn.x) * look.zoom + this.width / 2
      const away = Math.abs(look.y - drawn.y) * look.zoom + this.height / 2
      return aside <= drawn.width / 2 * scale + 2 && away <= drawn.height / 2 * scale + 2
    }
    repaint() {
      const begin = performance.now()
      const { ratio, look } = this
      const margin = this.cost < QUICK ? 0 : MARGIN
      const width = Math.round(this.width * (1 + 2 * margin)), height = Math.round(this.height * (1 + 2 * margin))
      const drawn = { ...look, width, height }
      if (this.picture.width !== Math.round(width * ratio) || this.picture.height !== Math.round(height * ratio)) {
        this.picture.width = Math.round(width * ratio)
        this.picture.height = Math.round(height * ratio)
      }
      const context = this.picture.getContext("2d")
      context.setTransform(ratio, 0, 0, ratio, 0, 0)
      context.clearRect(0, 0, width, height)
      this.drawn = drawn
      const seen = this.placesIn(drawn)
      this.drawLinks(context, seen)
      this.drawNodes(context, seen)
      this.drawLabels(context, seen)
      this.cost = performance.now() - begin
    }
    /** Where each page stands in a picture, and which of them are in it. */
    placesIn({ x, y, zoom, width, height }) {
      const { graph } = this
      const left = new Float32Array(graph.size), top = new Float32Array(graph.size), inside = new Uint8Array(graph.size)
      for (let node = 0; node < graph.size; node++) {
        left[node] = (graph.x[node] - x) * zoom + width / 2
        top[node] = (graph.y[node] - y) * zoom + height / 2
        inside[node] = !graph.hidden[node] && left[node] > -20 && top[node] > -20 && left[node] < width + 20 && top[node] < height + 20
      }
      return { left, top, inside, width, height }
    }
    radius(node) {
      return Math.max(1.2, this.graph.radii[node] * Math.min(this.look.zoom, 1.7))
    }
    drawLinks(context, { left, top, inside }) {
      const { from, to, folded, hidden } = this.graph
      const lines = []
      let length = 0
      // Links that lead out of the picture come last.
      for (const ends of [2, 1]) {
        for (let at = 0; at < from.length && lines.length < LINKS && length < LENGTH; at++) {
          const one = from[at], other = to[at]
          if (inside[one] + inside[other] !== ends || hidden[one] || hidden[other] || folded.has(one) || folded.has(other)) continue
          length += Math.abs(left[one] - left[other]) + Math.abs(top[one] - top[other])
          lines.push(at)
        }
      }
      context.strokeStyle = this.paint.line
      context.lineWidth = 1
      context.globalAlpha = clamp(18 / Math.sqrt(lines.length + 1), 0.14, 0.9)
      for (let begin = 0; begin < lines.length; begin += 300) {
        context.beginPath()
        for (const at of lines.slice(begin, begin + 300)) {
          context.moveTo(left[from[at]], top[from[at]])
          context.lineTo(left[to[at]], top[to[at]])
        }
        context.stroke()
      }
      context.globalAlpha = 1
    }
    colour(node) {
      const group = this.graph.groups[node]
      return group < 0 ? this.paint.single : this.paint.groups[group % GROUPS]
    }
    drawNodes(context, { left, top, inside }) {
      const { graph } = this
      const kinds = new Map()
      for (let node = 0; node < graph.size; node++) {
        if (!inside[node]) continue
        const colour = this.colour(node)
        if (!kinds.has(colour)) kinds.set(colour, [])
        kinds.get(colour).push(node)
      }
      for (const [colour, nodes] of kinds) {
        context.fillStyle = context.strokeStyle = colour
        context.lineWidth = 1.3
        for (const node of nodes) {
          const radius = this.radius(node)
          if (radius < 1.8) context.fillRect(left[node] - radius, top[node] - radius, 2 * radius, 2 * radius)
          else {  // each by itself: one path of many dots takes a browser several times as long
            context.beginPath()
            context.arc(left[node], top[node], radius, 0, 7)
            if (graph.wanted[node]) this.hollow(context)
            else context.fill()
          }
        }
      }
      for (const node of graph.folded) if (inside[node]) this.ring(context, left[node], top[node], this.radius(node) + 2.5, this.colour(node))
    }
    /** A dot of a page that is not written. */
    hollow(context) {
      const { fillStyle } = context
      context.fillStyle = this.paint.ground
      context.fill()
      context.fillStyle = fillStyle
      context.stroke()
    }
    ring(context, left, top, radius, colour) {
      context.beginPath()
      context.arc(left, top, radius, 0, 7)
      context.strokeStyle = colour
      context.lineWidth = 1.6
      context.stroke()
    }
    /** The names of the most linked pages for which there is room. */
    drawLabels(context, { left, top, inside, width, height }) {
      const { graph } = this
      const taken = this.underButtons((width - this.width) / 2, (height - this.height) / 2)
      let count = 0
      for (const node of graph.order) {
        if (count >= LABELS) break
        if (!inside[node] || left[node] < 0 || left[node] > width || top[node] < 0 || top[node] > height) continue
        if (this.radius(node) < 3.6 && !this.leading[node] && graph.size > 120) continue
        if (this.label(context, node, left[node], top[node], taken)) count++
      }
    }
    /** The cells of a picture in which a name would lie under the buttons; `aside` and `above` is its margin. */
    /** Where the buttons lie on the canvas. */
    buttons() {
      const canvas = this.canvas.getBoundingClientRect(), box = this.zoom.getBoundingClientRect()
      const left = box.left - canvas.left, top = box.top - canvas.top
      return { left, top, right: left + box.width, bottom: top + box.height }
    }
    underButtons(aside, above) {
      const { left, top, right, bottom } = this.buttons()
      return new Set(this.cells(left + aside, right + aside, top + above, bottom + above))
    }
    /** The middle of a name that must be seen: it moves to the left of the buttons where it would lie under them. */
    besideButtons(middle, half, height) {
      const { left, top, bottom } = this.buttons()
      const isUnder = height + 8 > top && height - 8 < bottom && middle + half > left - 4
      return isUnder ? Math.max(half, left - half - 6) : middle
    }
    /** The cells of the grid that keeps names apart, in a rectangle. */
    cells(left, right, top, bottom) {
      const found = []
      for (let x = Math.floor(left / 24); x <= right / 24; x++)
        for (let y = Math.floor(top / 13); y <= bottom / 13; y++) found.push(x + " " + y)
      return found
    }
    /** Writes a page's name below it, aside where the edge would cut it, unless there is one already. */
    label(context, node, middle, top, taken, strong = false) {
      const name = this.graph.names[node]
      const short = name.length > 34 ? name.slice(0, 33) + "…" : name
      const leaves = this.graph.folded.has(node) ? this.leaves(node).length : 0
      const hidden = leaves ? ` +${leaves}` : ""
      context.font = this.paint.font
      const half = context.measureText(short + hidden).width / 2, below = top + this.radius(node) + 10
      const edge = context === this.context ? 0 : (this.drawn.width - this.width) / 2
      const seen = middle >= edge && middle <= edge + this.width && 2 * half < this.width - 8
      const inside = seen ? clamp(middle, edge + half + 4, edge + this.width - half - 4) : middle
      const left = strong && seen ? this.besideButtons(inside, half, below) : inside
      const cells = this.cells(left - half, left + half, below, below + 9)
      if (!strong && taken && cells.some(cell => taken.has(cell))) return false
      for (const cell of cells) taken?.add(cell)
      context.textAlign = "center"
      context.textBaseline = "middle"
      context.lineJoin = "round"
      context.lineWidth = 3.5
      context.strokeStyle = context.fillStyle = this.paint.ground
      // Links to all sides would run through the name of the page in the middle.
      if (strong) context.fillRect(left - half - 2, below - 7, 2 * half + 4, 14)
      context.strokeText(short + hidden, left, below)
      context.fillStyle = strong ? this.paint.accent : this.paint.text
      context.fillText(short + hidden, left, below)
      return true
    }
    /** What is lifted above all else: the page that is pointed at or chosen with its neighbours, or what was found. */
    marked() {
      const node = this.hovered >= 0 ? this.hovered : this.current
      if (node >= 0) return { node, others: this.graph.near[node].filter(other => !this.graph.hidden[other]) }
      return this.found && { node: -1, others: this.found }
    }
    overlay({ node, others }) {
      const { context } = this
      if (node >= 0) {
        const [left, top] = this.toScreen(node)
        context.strokeStyle = this.paint.strong
        context.globalAlpha = others.length > 200 ? 0.35 : 0.8
        context.lineWidth = 1.2
        context.beginPath()
        for (const other of others) {
          context.moveTo(left, top)
          context.lineTo(...this.toScreen(other))
        }
        context.stroke()
        context.globalAlpha = 1
      }
      const dots = node >= 0 ? [...others, node] : others
      for (const each of dots) {
        context.fillStyle = context.strokeStyle = this.colour(each)
        context.lineWidth = 1.3
        context.beginPath()
        context.arc(...this.toScreen(each), Math.max(this.radius(each), 2.5), 0, 7)
        if (this.graph.wanted[each]) this.hollow(context)
        else context.fill()
      }
      const taken = this.underButtons(0, 0)
      if (node >= 0) {
        const [left, top] = this.toScreen(node)
        this.ring(context, left, top, this.radius(node) + 3.5, this.paint.accent)
        this.label(context, node, left, top, taken, true)
      }
      const ranked = [...others].sort((a, b) => this.graph.near[b].length - this.graph.near[a].length || a - b)
      let room = node < 0 ? FOUND : LABELS  // no neighbour's name is left in the shade for want of number
      for (const each of ranked) if (room > 0 && this.label(context, each, ...this.toScreen(each), taken)) room--
    }

    // ---- folding

    /** The pages that are linked with this one alone. */
    leaves(node) {
      return this.graph.near[node].filter(other => this.graph.near[other].length === 1)
    }
    isHub(node) {
      return this.graph.near[node].length >= 3
    }
    refold() {
      const { graph } = this
      graph.hidden.fill(0)
      if (this.withoutDays) for (const day of graph.journals) graph.hidden[day] = 1
      for (const node of graph.folded) for (const leaf of this.leaves(node)) graph.hidden[leaf] = 1
      if (this.current >= 0 && graph.hidden[this.current]) this.current = -1
      if (this.hovered >= 0 && graph.hidden[this.hovered]) this.hovered = -1
    }
    fold(node, on = !this.graph.folded.has(node)) {
      if (on) this.graph.folded.add(node)
      else this.graph.folded.delete(node)
      this.refold()
      this.stale()
      this.tell()
    }
    /** The pages that have far more links than others. */
    hubs() {
      const { near, order, size } = this.graph
      const middle = near[order[size >> 1]]?.length || 0
      return order.filter(node => near[node].length >= Math.max(12, 5 * middle)).slice(0, Math.max(1, size >> 4))
    }
    showDays(on) {
      this.withoutDays = !on
      this.refold()
      this.stale()
      this.tell()
    }
    foldHubs(on) {
      for (const node of this.hubs()) {
        if (on) this.graph.folded.add(node)
        else this.graph.folded.delete(node)
      }
      this.refold()
      this.stale()
      this.tell()
    }

    // ---- choosing

    under(left, top) {
      const [x, y] = this.toWorld(left, top)
      const reach = Math.max(1, Math.ceil(12 / this.look.zoom / CELL))
      let best = -1, least = Infinity
      if (reach > 8) return -1
      for (let i = -reach; i <= reach; i++) {
        for (let j = -reach; j <= reach; j++) {
          for (const node of this.grid.get((Math.floor(x / CELL) + i) + " " + (Math.floor(y / CELL) + j)) || []) {
            if (this.graph.hidden[node]) continue
            const away = Math.hypot(this.graph.x[node] - x, this.graph.y[node] - y) * this.look.zoom - this.radius(node)
            if (away < least && away < 8) best = node, least = away
          }
        }
      }
      return best
    }
    choose(node, close = false) {
      this.current = node
      this.hovered = -1
      if (node >= 0) this.reveal(node, close)
      this.tell()
      this.draw()
    }
    /** The page that an arrow leads to: near, and as straight ahead as may be. */
    beside(dx, dy) {
      const { graph } = this
      if (this.current < 0) return graph.order.find(node => !graph.hidden[node]) ?? -1
      let best = -1, least = Infinity
      for (let node = 0; node < graph.size; node++) {
        if (node === this.current || graph.hidden[node]) continue
        const x = graph.x[node] - graph.x[this.current], y = graph.y[node] - graph.y[this.current]
        const ahead = x * dx + y * dy, aside = Math.abs(x * dy - y * dx)
        if (ahead <= 0 || aside > 1.2 * ahead) continue
        const cost = ahead + 2 * aside
        if (cost < least) best = node, least = cost
      }
      return best < 0 ? this.current : best
    }
    open(node, event) {
      const address = this.graph.addresses[node]
      if (event?.ctrlKey || event?.metaKey || event?.button === 1) return window.open(address, "_blank", "noopener")
      const link = make("a")
      link.href = address
      document.body.append(link)  // the theme follows links of the document without loading all anew
      link.click()
      link.remove()
    }
    /** Says below the drawing what is chosen. */
    tell() {
      const { about, graph } = this
      const node = this.hovered >= 0 ? this.hovered : this.current
      if (node < 0) {
        about.replaceChildren(this.note || says.hint)
        return
      }
      const link = make("a", "", graph.names[node])
      link.href = graph.addresses[node]
      const more = graph.wanted[node] ? ` · ${says.wanted}` : ""
      about.replaceChildren(link, make("span", "kb-count", `${says.links} ${graph.near[node].length}${more}`))
      if (node !== this.current || !this.isHub(node)) return
      const on = graph.folded.has(node)
      const fold = make("button", "", on ? says.unfold : says.fold)
      fold.type = "button"
      fold.addEventListener("click", () => {
        this.fold(node)
        about.querySelector("button")?.focus()
      })
      about.append(fold)
    }
    search(words) {
      const wanted = words.toLocaleLowerCase().split(/\s+/).filter(Boolean)
      this.current = this.hovered = -1
      this.found = wanted.length ? this.graph.order.filter(node => !this.graph.hidden[node] && wanted.every(word => this.graph.plain[node].includes(word))) : null
      this.turn = -1
      this.draw()
      this.tell()
      return this.found
    }
    next(step) {
      if (!this.found?.length) return -1
      this.turn = (this.turn + step + this.found.length) % this.found.length
      this.choose(this.found[this.turn], true)
      return this.turn
    }

    // ---- what a reader does

    listen() {
      const { canvas } = this
      const at = event => {
        const box = canvas.getBoundingClientRect()
        return [event.clientX - box.left, event.clientY - box.top]
      }
      canvas.addEventListener("pointerdown", event => {
        if (event.button > 1) return
        canvas.setPointerCapture(event.pointerId)
        this.pointers.set(event.pointerId, at(event))
        this.travelled = this.pointers.size > 1 ? Infinity : 0
        cancelAnimationFrame(this.moving)
      })
      canvas.addEventListener("pointermove", event => this.pointers.has(event.pointerId) ? this.drag(event, at(event)) : this.hover(event, at(event)))
      const up = event => {
        const held = this.pointers.delete(event.pointerId)
        if (event.type === "pointerup" && held && this.travelled < 5) this.click(event, at(event))
      }
      canvas.addEventListener("pointerup", up)
      canvas.addEventListener("pointercancel", up)
      canvas.addEventListener("pointerleave", () => {
        if (this.hovered < 0) return
        this.hovered = -1
        this.tell()
        this.draw()
      })
      canvas.addEventListener("wheel", event => {
        // A small graph inside a text lets the page scroll until somebody works with it.
        if (!this.options.wheel && !event.ctrlKey && document.activeElement !== canvas) return
        event.preventDefault()
        const lines = event.deltaMode === 1 ? 30 : 1
        this.zoomBy(Math.exp(-clamp(event.deltaY * lines, -200, 200) * (event.ctrlKey ? 0.01 : 0.0022)), ...at(event))
      }, { passive: false })
      canvas.addEventListener("keydown", event => this.key(event))
      canvas.addEventListener("blur", () => this.draw())
    }
    hover(event, place) {
      if (event.pointerType === "touch") return
      const node = this.under(...place)
      this.canvas.style.cursor = node >= 0 ? "pointer" : ""
      if (node === this.hovered) return
      this.hovered = node
      this.tell()
      this.draw()
    }
    drag(event, place) {
      const before = this.pointers.get(event.pointerId)
      const others = [...this.pointers].filter(([id]) => id !== event.pointerId)
      this.pointers.set(event.pointerId, place)
      const { x, y, zoom } = this.look
      if (others.length) {
        const [, other] = others[0]
        const apart = point => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1
        this.zoomBy(apart(place) / apart(before), (place[0] + other[0]) / 2, (place[1] + other[1]) / 2)
        return
      }
      const dx = place[0] - before[0], dy = place[1] - before[1]
      this.travelled += Math.hypot(dx, dy)
      this.go({ x: x - dx / zoom, y: y - dy / zoom, zoom }, false)
    }
    click(event, place) {
      const node = this.under(...place)
      if (node < 0) {
        this.found = null
        return this.choose(-1)
      }
      // A finger cannot point before it taps: the first tap says what is there, the second opens.
      if (event.pointerType === "touch" && node !== this.current) return this.choose(node)
      this.open(node, event)
    }
    key(event) {
      const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
      const way = ways[event.key]
      if (event.altKey || (event.ctrlKey && event.key !== "Enter") || (event.metaKey && event.key !== "Enter")) return
      if (way && event.shiftKey) {
        const { x, y, zoom } = this.look
        this.go({ x: x + way[0] * 90 / zoom, y: y + way[1] * 90 / zoom, zoom })
      } else if (way) this.choose(this.beside(...way))
      else if (event.key === "+" || event.key === "=") this.zoomBy(1.35, undefined, undefined, true)
      else if (event.key === "-" || event.key === "_") this.zoomBy(1 / 1.35, undefined, undefined, true)
      else if (event.key === "0") this.fit()
      else if (event.key === "Enter" && this.current >= 0) this.open(this.current, event)
      else if (event.key === " " && this.current >= 0) this.isHub(this.current) && this.fold(this.current)
      else if (event.key === "Escape" && (this.current >= 0 || this.found)) this.found = null, this.choose(-1)
      else return
      event.preventDefault()
      event.stopPropagation()  // the theme's search listens to letters
    }
  }

  // ---- around the drawing

  const button = (icon, label, act) => {
    const made = make("button", "kb-graph__button", icon)
    made.type = "button"
    made.title = label
    made.setAttribute("aria-label", label)
    made.addEventListener("click", () => act(made))
    return made
  }
  const choice = (label, pressed, act) => {
    const made = button(label, label, () => act(made))
    made.classList.add("kb-graph__choice")
    made.setAttribute("aria-pressed", String(pressed))
    return made
  }
  let ids = 0
  const mount = (root, graph, options) => {
    const canvas = make("canvas", "kb-graph__canvas")
    const about = make("p", "kb-graph__about")
    const help = make("p", "kb-graph__help", says.help)
    help.id = "kb-graph-help-" + ++ids
    about.setAttribute("aria-live", "polite")
    canvas.tabIndex = 0
    canvas.setAttribute("role", "application")
    canvas.setAttribute("aria-label", says.graph)
    canvas.setAttribute("aria-describedby", help.id)
    const tools = make("div", "kb-graph__tools")
    const zoom = make("div", "kb-graph__zoom",
      button("+", says.in, () => view.zoomBy(1.5, undefined, undefined, true)),
      button("−", says.out, () => view.zoomBy(1 / 1.5, undefined, undefined, true)),
      button("⤢", says.all, () => view.fit()))
    root.replaceChildren(tools, make("div", "kb-graph__stage", canvas, zoom), about, help)
    const view = new View(graph, { root, canvas, about, zoom }, options)
    view.note = options.note
    view.tell()
    root.view = view  // for measuring: benchmarks/graph.py
    return { view, tools }
  }
  const searchBox = view => {
    const box = make("input", "kb-graph__search")
    const count = make("span", "kb-count")
    box.type = "search"
    box.placeholder = says.find
    box.setAttribute("aria-label", says.find)
    count.setAttribute("role", "status")
    const tell = turn => {
      const found = view.found
      count.textContent = !found ? "" : !found.length ? says.none : turn >= 0 ? `${turn + 1} ${says.of} ${found.length}` : String(found.length)
    }
    box.addEventListener("input", () => {
      view.search(box.value)
      tell(-1)
    })
    box.addEventListener("keydown", event => {
      if (event.key !== "Enter" || !view.found) return
      event.preventDefault()
      if (view.found.length === 1 && view.current === view.found[0]) view.open(view.current, event)
      else tell(view.next(event.shiftKey ? -1 : 1))
    })
    return make("label", "kb-graph__find", box, count)
  }

  const startWhole = async root => {
    const url = new URL(root.dataset.graph, location.href).href
    const found = await load(url)
    const note = found ? "" : location.protocol === "file:" ? says.disk : says.failed
    const graph = found ? whole(found, url) : listed()
    if (!graph.size) return
    const { view, tools } = mount(root, graph, { wheel: true, note })
    tools.append(searchBox(view))
    const turn = act => made => {
      const on = made.getAttribute("aria-pressed") !== "true"
      made.setAttribute("aria-pressed", String(on))
      act(on)
    }
    if (graph.journals?.length) tools.append(choice(says.days, true, turn(on => view.showDays(on))))
    if (view.hubs().length > 1) tools.append(choice(says.hubs, false, turn(on => view.foldHubs(on))))
  }
  const startLocal = async details => {
    const root = make("div", "kb-graph kb-graph--local")
    details.append(root)
    const found = await surroundings(new URL(details.dataset.near, location.href).href)
    const page = found && await found.of(details.dataset.slug)
    const note = found ? "" : location.protocol === "file:" ? says.disk : says.failed
    const graph = page ? await around(found, page, 1) : linked()
    if (graph.size < 2) return root.replaceWith(make("p", "kb-graph__about", says.empty))
    const { view, tools } = mount(root, graph, { wheel: false, note })
    view.choose(0)
    if (!page) return
    const near = choice(says.near, true, () => set(1)), further = choice(says.further, false, () => set(2))
    const set = async steps => {
      near.setAttribute("aria-pressed", String(steps === 1))
      further.setAttribute("aria-pressed", String(steps === 2))
      const graph = await around(found, page, steps)
      // Meanwhile the other one may have been asked for.
      if ((steps === 1) !== (near.getAttribute("aria-pressed") === "true")) return
      view.show(graph)
      view.choose(0)
    }
    tools.append(near, further)
  }

  const start = () => {
    for (const root of document.querySelectorAll(".kb-graph:not(.kb-graph--local):empty")) startWhole(root)
    for (const details of document.querySelectorAll(".kb-local:not([data-ready])")) {
      details.dataset.ready = ""
      details.addEventListener("toggle", () => startLocal(details), { once: true })
    }
  }
  if (window.document$) window.document$.subscribe(start)
  else start()
})()
