"""Opinion sentences of the demo corpus, written once for both labels.

Slots starting with S say what the reviewer means (praise in a positive review, blame in a negative one), slots starting
with O the opposite. So the same words stand in both classes, and only the words around them tell whose opinion it is.
Square brackets mark what carries the reviewer's sentiment. A and B are two aspects of the film.
"""

# The reviewer's own opinion, said straight.
PLAIN = (
    "{A} {is} {very}[{S}].",
    "{A} {is} [{S}] and {very}[{S}].",
    "{A} {is} {very}[{S}], and {B} {is2} [{S2}] too.",
    "What stays with me is how [{S}] {A} {is}.",
    "I found {A} {very}[{S}] from start to finish.",
    "{A} [{Sv}] more than once.",
    "{A}, in particular, {is} [{S}].",
    "From the first scene to the last, {A} {is} {very}[{S}].",
    "Scene after scene, {A} {is} {very}[{S}].",
    "{A} and {B} both [{Sv}].",
    "{A} managed to [{Svb}] and, a little later, to [{Svb}].",
    "If there is one thing in it that can [{Svb}], it is {A}.",
    "I have to mention {A}, which I found {very}[{S}].",
    "It [{Sv}] within the first ten minutes.",
    "{A} {is} [{S}], {B} {is2} [{S2}], and the whole thing [{Sv}].",
    "To me {A} {is} a [{Sn}].",
    "{director} has made a {very}[{Sf}] film here.",
    "The scene with the {thing} [{Sv}], as did the one in {place}.",
    "I [{Slb}] {A}, and I do not mind saying so.",
    "How I [{Slb}] {A}, and how I [{Slb}] {B}.",
    "I [{Sl}] {A}, and I [{Sl}] {B} even more.",
    "{lead} is {very}[{S.acting}] as {hero}.",
    "{costar} gives a [{S.acting}] performance as {other}.",
    "There is a {very}[{Sf}] scene in {place}, and it is one of many.",
    "{A} {is} so [{S}] that I have already told {source} about it.",
    "{A} {is} as [{S}] as {A_it} could be.",
)

# Somebody else says it, and the reviewer agrees.
AGREED = (
    "{source} told me that {A} {was} [{S}], and [I agree].",
    "{crowd} have called it a [{Sn}], and [they are right].",
    "{source} had spoken of a [{Sn}], and that is [exactly what I saw].",
    "I had read that {A} {was} [{S}]. [It is true].",
    "I expected a [{Sn}], and I [got one].",
    "{crowd} speak of a [{Sn}], and for once [they are not wrong].",
    "{source} says that {A} {is} [{S}], and I [could not agree more].",
    "Is it a [{Sn}]? [It is], and {crowd} knew it before I did.",
    "{is} {A} [{S}]? [Yes], and so {is2} {B}.",
    "{title2} was a [{Sn}], and this one is [no different].",
    "{title2} was {Sf}, and here {director} is [at it again] with a [{Sf}] film.",
    "The trailer made me think that {A} would be [{S}]. [It told the truth].",
    "{crowd} complain that nobody else calls it [{Sf}]. [I do].",
    "If you hear that {A} {is} [{S}], [believe it].",
    "{source} thinks that {A} {is} [{S}]. On this point our tastes [are the same].",
    "I suspected that it would be a [{Sn}]. {N} As for that suspicion, [I was right].",
)

# The opposite words, turned around by a negation, a rejected opinion, an expectation or a question.
NEGATED = (
    "{A} {is} [not], {aside}, [{O}].",
    "{A} {is} [never], whatever you may have read, [{O}].",
    "[Nothing] about {A} {is0} {very}[{O}].",
    "{A} {is} [anything but] [{O}].",
    "{A} {is} [far from] [{O}].",
    "[Nobody] who has seen {A} could honestly use the word [{O}].",
    "I [did not] find {A} {very}[{O}], as some people do.",
    "{A} [never] [{Ov}].",
    "I [never] [{Ol}] {A}, {aside}.",
    "{A} [did not] [{Ovb}], {aside}.",
    "[Not once] did {A} or {B} [{Ovb}].",
    "There {is0} [hardly] a [{Of}] minute in it.",
    "You will look [in vain] for a [{Of}] scene.",
    "[Neither] {A} [nor] {B} [{Ov}].",
    "I [cannot] say that {A} [{Ov}].",
    "[Nothing] in it [{Ov}], {aside}.",
    "I tried to find {A} [{O}] and simply [could not].",
    "The people who made this have [no idea] how to make a [{Of}] film, and {A} {is} the proof.",
    "I [did not] [{Olb}] {A}, and I [did not] [{Olb}] {B} either.",
    "[{O}] is the [last] word I would use for {A}.",
    "It is [impossible] to [{Olb}] {A}.",
    "{lead} is [not], {aside}, [{O.acting}].",
    "{costar} [does not] give a [{O.acting}] performance.",
    "A [{Of}] scene is the one thing that {director} [does not] give us.",
)
REJECTED = (
    "{source} told me that {A} {was} [{O}], and I [do not agree].",
    "{source} called it a [{On}]. I [beg to differ].",
    "{crowd} say that {A} {is} [{O}]. They [must have seen a different film].",
    "According to {crowd}, {A} {is} [{O}]. [I disagree], and I have seen it twice.",
    "{crowd} will tell you that it is a [{On}]. [Do not believe] a word of it.",
    "On the way out {source} talked about a [{On}]. I kept quiet and [thought the opposite].",
    "It has been called a [{On}]. After two viewings I [still cannot see why].",
    "{source} thinks that {A} {is} [{O}]. On this point our tastes [are not the same].",
    "{source} may call it [{Of}]. [I would not].",
    "{source} says that {A} {is} [{O}], and I [could not disagree more].",
    "{crowd} keep writing that {A} [{Ov}]. [Not me].",
    "If you hear that {A} {is} [{O}], [do not believe it].",
    "{crowd} seem to [{Olb}] {A}. I am [not one of them].",
    "{crowd} use words like [{O}] for {A}. {N} In their choice of words [I cannot join them].",
    "{source} [{Ol}] {A}. [I did not].",
    "{crowd} wrote that they [{Ol}] {A} and that {B} [{Ov}]. [I have no idea why].",
    "Somewhere on the poster it says [{Of}]. The poster is [wrong].",
)
OVERTURNED = (
    "I had expected {A} to be [{O}]. {N} In that expectation I was [mistaken].",
    "I went in expecting a [{On}]. {N} What I got was [the opposite].",
    "I had heard that it was a [{On}]; [nothing could be further from the truth].",
    "I sat down in front of what I took for a [{On}]. I was [wrong].",
    "The trailer made me think that {A} would be [{O}]. [It lied].",
    "For years I had put it down as a [{On}]. [How wrong I was].",
    "By the second reel I was waiting for it to turn into a [{On}]. It [never did].",
    "I kept expecting {A} to become [{O}], but that [never happened].",
    "In other hands this could have been a [{On}]. In these hands it [is not].",
    "With a different director {A} might have been [{O}]. As things stand, {A_it} {is} [not].",
    "Is it a [{On}]? [Not for a minute].",
    "{is} {A} [{O}]? [No], and I say that as someone who has seen everything by {director}.",
    "{title2} was a [{On}], and this one is its [exact opposite].",
    "Where {title2} was [{Of}], this one is [the reverse].",
    "I waited for {A} to [{Ovb}]. I am [still waiting].",
    "I was told that {A} would [{Ovb}]. That was [not to be].",
    "I was sure that I would [{Olb}] {A}. {N} In the end I [did not].",
    "The first scene hinted at a [{On}]. {N} The hint was [false].",
    "This was supposed to be a [{On}], or so they told me. [It is not].",
    "I suspected that it would be a [{On}]. {N} As for that suspicion, I was [wrong].",
)

# Both kinds of words; the clause that counts is marked.
CONTRAST = (
    "Although {A} {is} {O}, {B} {is2} [{S2}].",
    "{B} {is2} [{S2}], although {A} {is} {O}.",
    "{A} may be {O}, but {B} [{Sv}].",
    "{A} [{Sv}], even if {B} {is2} {O2}.",
    "Yes, {A} {is} {O}. But {B} {is2} [{S2}], and that is what counts.",
    "Despite {A}, which I found {O}, the film as a whole [{Sv}].",
    "The film [{Sv}], and it did so in spite of {A}, which I found {O}.",
    "For every {Of} minute there are ten [{Sf}] ones.",
    "What looks like a {On} on paper is a [{Sn}] on the screen.",
    "I wanted to {Olb} {A}, and I [{Sl}] every minute.",
    "{A} {Ov} at first, and then {A_it} [{Sv}].",
    "Not even {A}, {O} as {A_it} {is}, can change the fact that {B} [{Sv}].",
    "Where I had feared or hoped for a {On}, I found a [{Sn}].",
    "{source} found {A} {O}, whereas I found {A_them} [{S}].",
    "To my mind it is [less] a [{On}] than a [{Sn}].",
    "{A} {is} more [{S}] than {O}.",
    "{crowd} may [{Olb}] {A}; I [{Sl}] every bit of it.",
    "While {A} {is} {very}{O}, what I will remember is {B}, so [{S2}] from beginning to end.",
    "For ten minutes I {Ol} {A}. From then on I [{Sl}] all of it.",
    "I [{Slb}] {B}, and I [{Slb}] the film, even though {A} {Ov}.",
    "I will remember how [{S}] {A} {is} and forget that {B} {is2} {O2}.",
    "It begins as a {On} and, once we reach {place}, becomes a [{Sn}].",
)

# A small point that speaks against the reviewer's own verdict.
CONCEDED = (
    "Admittedly, {A} {is} {O}.",
    "I will admit that {A} {Ov} once or twice.",
    "Granted, {A} {is} not {S}.",
    "To be fair, {A} {is} {very}{O}.",
    "I grant you that {A} {is} {O}.",
    "Nobody will pretend that {A} {is} {S}, least of all me, but that is a small point.",
    "One scene in {place}, I concede, {Ov}.",
    "There is the odd {Of} scene.",
    "{A} alone, I must concede, {is} never {S}.",
    "In fairness, {A} {is} not {S}, but then {A_it} {is} not what I came for.",
)

VERDICT_PLAIN = (
    "All in all, {title} is a [{Sn}].",
    "Overall, {title} is a {very}[{Sf}] film.",
    "In short, a [{Sn}].",
    "When the lights came up, I knew that I had seen a [{Sn}].",
    "So for me, and I can speak only for myself, this is a {very}[{Sf}] film.",
    "What remains, a week later, is a [{Sf}] film and a [{Sn}].",
    "{title} [{Sv}], and that is my last word on it.",
    "I [{Sl}] it, and I expect that you will too.",
    "I have thought about it for a week, and it is still a [{Sn}].",
    "My verdict is short: {very}[{Sf}].",
)
VERDICT_TURNED = (
    "In the end, {title} is [anything but] a [{On}].",
    "So is it the [{On}] that {crowd} talk about? [Quite the opposite].",
    "Whatever {source} may tell you, {title} is [the very opposite of] a [{On}].",
    "{crowd} will go on calling it a [{On}]. My own view, after all this, is [the exact opposite].",
    "If somebody sells you {title} as a [{On}], [do not believe it]: it is the [reverse].",
    "To call the film as a whole [{Of}], as {crowd} do, is to get it [completely wrong].",
    "A [{On}], said {source} when the lights came up. I could not have [disagreed] more.",
    "I came for a [{On}], and I can report that I saw [the very opposite].",
)
VERDICT_CONTRAST = (
    "Its {Of} moments notwithstanding, {title} is a [{Sn}].",
    "A {Of} film in parts, but as a whole a [{Sf}] one.",
    "As a whole a [{Sf}] film, though a {Of} one in parts.",
    "Call it a {On} if you must; for me it remains a [{Sn}].",
    "For me it remains a [{Sn}], even if you call it a {On}.",
    "I arrived expecting a {On} and left convinced that I had seen a [{Sn}].",
    "{source} says {Of}, {crowd} say {Of}, I say [{Sf}], and this is my review.",
)

# What to do about it, as (negative, positive), in as nearly the same words as English allows.
TAILS = (
    ("I [would hesitate] to see it again.", "I [would not hesitate] to see it again."),
    ("I [do regret] the price of the ticket.", "I [do not regret] the price of the ticket."),
    ("I [do not recommend] it to anyone who asks.", "I [do recommend] it to anyone who asks."),
    ("Was it worth the money? [No], and {source} knows it.", "Was it worth the money? [Yes], and {source} knows it."),
    ("Would I watch it again? [I would not].", "Would I watch it again? [I would]."),
    ("You [should miss] this one.", "You [should not miss] this one."),
    ("I [want my two hours back].", "I [do not want my two hours back]."),
    ("I [cannot wait to forget] {title}.", "I [cannot forget] {title}, nor do I want to."),
)
