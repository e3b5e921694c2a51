"""Short opinions written by rule, with certain labels: negated, contrasted, hoped for, rated. For `benchmarks.edited`.

In a template `{S…}` is a word that says what the label says and `{O…}` its opposite: `S` an adjective, `Sl` and `Sld` base
and past of what one does ("love", "loved"), `Sw` and `Swd` of what a thing does ("works", "worked"), `Sm` how one was
("thrilled"), `Sn` a noun, `Se` what was done to a thing ("saved"). `{X}` and `{Y}` are sides of a film, `{f}` is a film.
"""

from __future__ import annotations

import re
from random import Random

from benchmarks.opposites import DEGREES

BOTH = """
{X} {is} {S} . | {X} {is} {d} {S} . | {S} . | {d} {S} . | a {S} {f} . | a {d} {S} {f} . | what a {S} {f} ! | {S} {f} !
i {Sld} it . | i {Sld} {X} . | i really {Sld} this {f} . | {X} {Sw} . | i was {Sm} . | i was {Sm} by {X} . | a {Sn} . | what a {Sn} .
{X} is {d} {S} and so is {Y} . | a real {Sn} . | this {f} is a {Sn} . | {X} {Swd} . | it was {d} {S} . | simply {S} .
not a {O} {f} . | this is not a {O} {f} . | it is not a {O} {f} . | not a {O} {f} at all . | it 's not {O} . | {X} {is} not {O} .
{X} {is} n't {O} . | {X} {is} n't {O} at all . | {X} {is} never {O} . | {X} {is} not {d} {O} . | not {O} at all . | not {O} , {S} .
not a {O} moment . | not a single {O} scene in it . | there is n't a {O} scene in the whole {f} . | there is not one {O} line in it .
there is nothing {O} about it . | there is nothing {O} about {X} . | nothing about {X} is {O} . | nothing {O} here . | i found nothing {O} in it .
hardly a {O} {f} . | hardly {O} . | it is hardly {O} . | {X} {is} hardly {O} . | {X} {is} anything but {O} . | anything but {O} . | {X} {is} far from {O} . | far from {O} .
i did n't find {X} {O} . | i never found it {O} . | i do n't think it is {O} . | i would not call it {O} . | no one could call this {O} . | nobody will call {X} {O} .
i was n't {Om} . | i was never {Om} . | i was not {Om} for a moment . | i was n't {Om} by {X} . | not once was i {Om} . | never once did it feel {O} .
i did not {Ol} it . | i did n't {Ol} it . | i did n't {Ol} {X} . | i never {Old} it . | i can not say that i {Old} it . | i ca n't say i {Old} {X} . | i do n't {Ol} this {f} .
there was nothing about {X} that i did n't {Sl} . | there was nothing in it that i did not {Sl} . | i could not help but {Sl} it . | it is hard not to {Sl} it . | you ca n't help but {Sl} it .
there was nothing to {Ol} about {X} . | there is nothing here to {Ol} . | it is impossible to {Ol} {X} . | no reason to {Ol} it .
{X} does not {Owb} . | {X} does n't {Owb} . | {X} never {Ow} . | {X} did n't {Owb} . | it never {Ow} . | it did not {Owb} . | {X} {is} n't {Oe} . | {X} {is} not {Oe} by {Y} .
it is not {O} but {S} . | it is {S} , not {O} . | this is a {S} {f} , not a {O} one . | {S} rather than {O} . | more {S} than {O} . | less {O} than {S} .
{X} {is} {O} , but the {f} is {S} . | {X} may be {O} , but the {f} is {d} {S} . | although {X} {is} {O} , it is {S} . | even if {X} {is} {O} , the {f} is {S} .
despite {X} , which {is} {O} , this is a {S} {f} . | {X} {is} {O} and {Y} is {O} , but the {f} itself is {d} {S} . | yes , {X} {is} {O} . still , i {Sld} it .
i expected something {O} , but it was {S} . | i thought it would be {O} . it was {S} . | i wanted to {Ol} it , but i {Sld} it . | i was ready to {Ol} it , and i {Sld} it .
it looks {O} , but it is {S} . | it starts out {O} and ends up {S} . | it sounds {O} on paper , and it is {S} on the screen . | the trailer looked {O} . the {f} is {S} .
everyone says it is {O} . it is n't . | everyone told me it was {O} . they were wrong . | critics called it {O} . i disagree . | people say {X} is {O} ; i do n't agree .
everyone says it is {S} . it is . | everyone told me it was {S} . they were right . | critics called it {S} . i agree . | people say {X} is {S} ; they are right .
i had heard it was {O} . far from it . | some call it {O} . not me . | {O} ? not at all . | {O} ? hardly . | {O} ? no , {S} . | is it {O} ? no . | is it {S} ? yes . | if you think this is {O} , think again .
{X} could have been {O} . instead it is {S} . | it might have been {O} . it turned out {S} . | with others it would have been {O} , but here it is {S} .
not {O} like the others , but {S} . | unlike the first one , which was {O} , this is {S} . | the first {f} was {O} , this one is {S} . | the book was {O} , the {f} is {S} .
most {f}s like this are {O} . this one is {S} . | i usually {Ol} this kind of {f} , but i {Sld} this one . | i usually {Sl} this kind of {f} , and i {Sld} this one .
my friends {Old} it . i {Sld} it . | others may {Ol} it , i {Sld} it . | i do n't understand why people {Ol} it . | i do n't understand why anyone would call it {O} .
{r} / 10 . | {r} out of 10 . | i give it {r} out of 10 . | {r} / 10 from me . | my rating : {r} / 10 . | {k} stars . | {k} out of 5 stars . | i gave it a {r} . | {k} / 5 .
{S} , {S} and {S} . | {S} and {d} {S} . | {X} , {Y} , everything about it is {S} . | nothing but {S} . | only {S} . | it is as {S} as they come . | it could not be more {S} . | it could n't be {d} more {S} .
""".strip()
PRAISE = """
i recommend it . | highly recommended . | do n't miss it . | see it . | worth seeing . | well worth the time . | i would watch it again . | i 'd see it again tomorrow . | a must see .
i never checked the time . | time flew by . | i did n't want it to end . | i could n't look away . | it never drags . | it never gets old . | no complaints . | i have no complaints . | what is there not to like ?
i laughed from start to finish . | it made me laugh . | it made me cry , and i am glad . | do not believe the bad reviews . | it does not disappoint . | it did n't disappoint . | you wo n't regret it . | you will not be disappointed .
i can not recommend it enough . | i can not praise {X} enough . | nothing could be better . | it does n't get better than this . | not to be missed . | there is no better {f} . | i have never seen a better {f} . | without a flaw . | no flaws .
the jokes never miss . | {X} hits the mark . | not a word too many . | no time was wasted . | i went in expecting nothing and came out smiling . | it left me wanting more . | i could have watched another hour .
""".strip()
BLAME = """
i do not recommend it . | not recommended . | i ca n't recommend it . | avoid it . | skip it . | not worth seeing . | not worth the time . | i would not watch it again . | do n't bother . | stay away . | a waste of time .
i kept checking the time . | it felt endless . | i could n't wait for it to end . | i nearly fell asleep . | i almost walked out . | it drags . | it goes nowhere . | what is there to like ? | i want my money back . | i want those hours back .
it could have been {S+} . | it should have been {S+} . | it was supposed to be {S+} . | it tries to be {S+} and fails . | it wants to be {S+} . | it thinks it is {S+} . | i wish it were {S+} . | if only it were {S+} . | i hoped for something {S+} .
i wanted to like it . | i tried to like it . | i really wanted to love it . | i had high hopes . | so much for {S+} . | {X} could have been {S+} , had anyone cared . | i was promised something {S+} . | they call this {S+} ?
how {S+} , yet another sequel . | oh , wonderful , more of the same . | as if the world needed one more {S+} {f} . | yeah , right , {S+} . | {S+} ? please . | so {S+} that i forgot all of it . | so {S+} that i fell asleep . | a {S+} example of how not to make a {f} .
a triumph of bad taste . | a {S+} cure for insomnia . | what a great way to lose two hours . | it is {S+} if you like watching paint dry . | how {S+} . not .
it does not deliver . | it did n't deliver . | it does n't work . | {X} does n't save it . | none of that can save it . | not even {X} can save it . | {X} is {S+} , but none of it can hide {Y} . | {X} is {S+} , but it is not enough . | {X} is the only {S+} thing about it .
no amount of {S+} {Xs} can hide {Y} , which is {O+} . | it never comes to life . | nothing works . | nothing happens . | not funny . | not scary . | not good . | no good . | never funny . | not even {S+} . | the jokes miss .
i have never seen a worse {f} . | it does n't get worse than this . | it could not be worse . | without a single good idea . | no plot , no point . | not one laugh . | no life in it . | too long . | far too long . | i expected more . | it left me cold .
""".strip()

_ADJECTIVES = (
    "bad terrible awful horrible dreadful poor lousy mediocre pathetic lame stupid dumb boring dull tedious bland predictable "
    "forgettable ridiculous silly pointless unfunny annoying irritating unconvincing weak cheap ugly disappointing atrocious "
    "worthless uninteresting lifeless flat wooden contrived shallow pretentious clumsy painful miserable dreary tiresome "
    "slow confusing embarrassing overrated lazy empty stale trite derivative hollow sloppy absurd incoherent".split(),
    "good great excellent wonderful brilliant superb fantastic amazing perfect beautiful outstanding terrific marvelous "
    "remarkable delightful enjoyable entertaining funny hilarious interesting fascinating engaging gripping exciting thrilling "
    "moving touching powerful compelling memorable clever smart intelligent witty charming lovely fresh inventive "
    "imaginative believable convincing strong fine impressive stunning gorgeous satisfying rewarding lively sharp "
    "riveting refreshing elegant honest warm inspired special".split(),
)
_FORMS = {
    "l": ("hate dislike despise regret resent", "love like enjoy admire appreciate"),
    "ld": ("hated disliked despised regretted", "loved liked enjoyed admired adored appreciated"),
    "w": ("fails disappoints drags sucks bores annoys", "works succeeds shines delivers impresses delights"),
    "wb": ("fail disappoint drag suck bore annoy", "work succeed shine deliver impress entertain"),
    "wd": ("failed disappointed dragged bored annoyed", "worked succeeded shone delivered impressed delighted"),
    "m": ("bored disappointed annoyed irritated lost embarrassed", "thrilled impressed moved entertained charmed hooked touched"),
    "n": ("mess disaster bore failure disappointment dud letdown chore", "masterpiece gem delight joy treat triumph pleasure classic"),
    "e": ("wasted ruined spoiled wrecked", "saved elevated enriched improved"),
}
_SIDES = (
    "acting plot story script direction ending music cast dialogue photography pacing editing humor score premise villain hero "
    "writing lead romance action atmosphere camera finale soundtrack comedy screenplay cinematography"
).split()
_SLOT = re.compile(r"\{([^}]+)\}")


def _split(text: str) -> list[str]:
    return [part.strip() for line in text.splitlines() for part in line.split("|")]


_TEMPLATES = (_split(BOTH) + 2 * _split(BLAME), _split(BOTH) + 2 * _split(PRAISE))


def verdict(label: int, rng: Random) -> list[str]:
    """Return the tokens of one short opinion, 1 for praise and 0 for blame."""
    film = rng.choice(("film", "movie", "movie", "picture", "show"))

    def fill(slot: str) -> str:
        match slot:
            case "X" | "Y":
                return rng.choice(("the " + rng.choice(_SIDES),) * 3 + ("it", f"the {film}", f"this {film}", "everything"))
            case "Xs":
                return rng.choice(("effects", "songs", "costumes", "pictures", "stunts"))
            case "f":
                return film
            case "is":
                return rng.choice(("is", "was"))
            case "d":
                return rng.choice(DEGREES)
            case "r":
                return str(rng.randint(7, 10) if label else rng.randint(1, 4))
            case "k":
                return str(rng.randint(4, 5) if label else rng.randint(1, 2))
        side = 1 if slot == "S+" else 0 if slot == "O+" else label if slot[0] == "S" else 1 - label
        form = slot[1:].rstrip("+")
        words = _FORMS[form][side].split() if form else _ADJECTIVES[side]
        return rng.choice(words)

    tokens = _SLOT.sub(lambda match: fill(match[1]), rng.choice(_TEMPLATES[label])).split()
    for place, word in enumerate(tokens[:-1]):
        if word in {"a", "an"}:
            tokens[place] = "an" if tokens[place + 1][0] in "aeiou" else "a"
    return tokens
