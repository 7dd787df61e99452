// Parses every note below a folder with Logseq's own parser, in one process.
//   node parse_with_mldoc.cjs FOLDER MLDOC
const fs = require('node:fs');
const path = require('node:path');

console.log = () => {}; // mldoc prints its parse errors
const { Mldoc } = require(process.argv[3]);
const config = JSON.stringify({
  toc: false, parse_outline_only: false, heading_number: false, keep_line_break: true, format: 'Markdown',
  heading_to_list: false, exporting_keep_properties: false, inline_type_with_pos: true, inline_skip_macro: false,
  export_md_indent_style: 'dashes', export_md_remove_options: [], hiccup_in_block: true,
});
let notes = 0;
for (const found of fs.readdirSync(process.argv[2], { recursive: true })) {
  if (!found.endsWith('.md')) continue;
  Mldoc.parseJson(fs.readFileSync(path.join(process.argv[2], found), 'utf8'), config);
  notes += 1;
}
console.error(`${notes} notes`);
