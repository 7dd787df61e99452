// Stands where Material's search worker would: the box asks it with messages of the types 0 (begin) and 2 (a query),
// and hears 1 (ready) and 3 (results). https://github.com/squidfunk/mkdocs-material has the box. Its script/search.js
// asks for more results with 4 and gets them with 5; with 6 it says that the site is another one now.

// Letters typed within this time are one query.
const PAUSE = 80

let latest = 0
let current = null
let reading = Promise.resolve()

async function answer(query) {
  const mine = ++latest
  await new Promise(resolve => setTimeout(resolve, PAUSE))
  if (mine !== latest) return
  let search = await searched(query)
  let data = await stretch(search)
  if (!data.items.length && onOtherKeyboard(query)) {
    search = await searched(onOtherKeyboard(query))
    data = await stretch(search)
  }
  if (mine !== latest) return
  current = search
  postMessage({ type: 3, data: { ...data, query, suggest: suggestions(search.words) } })
}

async function more() {
  const mine = latest
  const data = current && await stretch(current)
  if (data && mine === latest) postMessage({ type: 5, data })
}

addEventListener("message", ({ data: { type, data } }) => {
  if (type === 0) postMessage({ type: 1 })
  if (type === 2) answer(data)
  if (type === 4) reading = reading.then(more)
  if (type === 6) renew()
})
