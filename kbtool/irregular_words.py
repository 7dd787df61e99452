"""Russian and English words with the forms to which no rule leads."""

from __future__ import annotations

IRREGULAR = """
человек: люди людей людям людьми людях
ребенок: дети детей детям детьми детях
матери: мать
дочери: дочь дочерью дочерьми
памяти: память
печати: печать
кровати: кровать
любви: любовь любовью
церкви: церковь церковью
совесть: совести
повесть: повести
небо: небеса небес небесам небесами небесах
чудо: чудеса чудес чудесам чудесами чудесах
ухо: уши ушей ушам ушами ушах
око: очи очей очам очами очах
яйцо: яиц
письмо: писем
тюрьма: тюрем
деньги: денег
друг: друзья друзей друзьям друзьями друзьях
сын: сыновья сыновей сыновьям сыновьями сыновьях
хозяин: хозяева хозяев хозяевам хозяевами хозяевах
заяйц: заяц
займа: заем
полный: полон
достойный: достоин
дорогой: дорого дороже
строгий: строго
близкий: ближе
низкий: ниже
высокий: выше
простой: проще
глубокий: глубже
короткий: короче
частый: чаще
редкий: реже
широкий: шире
легкий: легче
хороший: лучше
плохой: хуже
долгий: дольше
child: children
person: people
man: men
woman: women
mouse: mice
louse: lice
foot: feet
tooth: teeth
goose: geese
ox: oxen
quiz: quizzes
half: halves
leaf: leaves
knife: knives
wife: wives
wolf: wolves
shelf: shelves
self: selves
thief: thieves
loaf: loaves
calf: calves
axis: axes
oasis: oases
thesis: theses
crisis: crises
phenomenon: phenomena
criterion: criteria
automaton: automata
polyhedron: polyhedra
maximum: maxima
minimum: minima
optimum: optima
extremum: extrema
spectrum: spectra
quantum: quanta
stratum: strata
corpus: corpora
genus: genera
schema: schemata
radius: radii
nucleus: nuclei
locus: loci
focus: foci
stimulus: stimuli
modulus: moduli
formula: formulae
become: became
begin: began begun
bend: bent
bite: bitten
blow: blew blown
break: broke broken
breed: bred
bring: brought
build: built
burn: burnt
buy: bought
catch: caught
choose: chose chosen
cling: clung
come: came
deal: dealt
dig: dug
draw: drew drawn
dream: dreamt
drink: drank drunk
drive: drove driven
eat: ate eaten
fall: fell fallen
feed: fed
feel: felt
fight: fought
find: found
flee: fled
fling: flung
fly: flew flown
forbid: forbade forbidden
forget: forgot forgotten
freeze: froze frozen
get: got gotten
give: gave given
go: went gone
grow: grew grown
hang: hung
hear: heard
hide: hid hidden
hold: held
keep: kept
know: knew known
lay: laid
lead: led
lean: leant
leap: leapt
learn: learnt
lend: lent
lose: lost
make: made
mean: meant
meet: met
pay: paid
ride: rode ridden
ring: rang rung
rise: risen
run: ran
say: said
see: saw seen
seek: sought
sell: sold
send: sent
shake: shook shaken
show: shown
shrink: shrank shrunk
sing: sang sung
sink: sank sunk
sit: sat
sleep: slept
slide: slid
speak: spoke spoken
spell: spelt
spend: spent
spin: spun
spring: sprang sprung
stand: stood
steal: stole stolen
stick: stuck
sting: stung
strike: struck stricken
strive: strove striven
swear: swore sworn
sweep: swept
swim: swam swum
swing: swung
take: took taken
teach: taught
tear: tore torn
tell: told
throw: threw thrown
wake: woke woken
wear: wore worn
weave: wove woven
win: won
write: wrote written
"""
"""A word a line, and such forms of it; left out are those of two words: left, ground, thought, bases."""
