// What KaTeX, with which Logseq shows formulas, says of formulas: a line of JSON in, `{"latex", "display"}`, a line out,
// `null` when it shows the formula and else its complaint.
import { createInterface } from 'node:readline'
import katex from 'katex'
import 'katex/contrib/mhchem'

for await (const line of createInterface({ input: process.stdin })) {
  const { latex, display } = JSON.parse(line)
  let said = null
  try {
    katex.renderToString(latex, { displayMode: display, throwOnError: true, strict: 'ignore', output: 'mathml' })
  } catch (error) {
    said = String(error.message)
  }
  process.stdout.write(JSON.stringify(said) + '\n')
}
