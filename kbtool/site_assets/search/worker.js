// Stands where Material's search worker would: the box asks it with messages of the types 0 (begin) and 2 (a query),
// and hears 1 (ready) and 3 (results). https://github.com/squidfunk/mkdocs-material has the box.

// Letters typed within this time are one query.
const PAUSE = 80

let latest = 0

async function answer(query) {
  const mine = ++latest
  await new Promise(resolve => setTimeout(resolve, PAUSE))
  if (mine !== latest) return
  let data = await results(query)
  if (!data.items.length && onOtherKeyboard(query)) data = await results(onOtherKeyboard(query))
  if (mine === latest) postMessage({ type: 3, data })
}

addEventListener("message", ({ data: { type, data } }) => {
  if (type === 0) postMessage({ type: 1 })
  if (type === 2) answer(data)
})
