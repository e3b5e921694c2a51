"""Words of the demo corpus: aspects of a film with praise and blame for each, judgements, and invented names."""

from typing import NamedTuple


class Aspect(NamedTuple):
    """One side of a film: noun phrases in singular and plural, and adjectives (bad, good) that fit all of them."""

    singular: tuple[str, ...]
    plural: tuple[str, ...]
    adjectives: tuple[tuple[str, ...], tuple[str, ...]]  # index 0 = bad, 1 = good, as in the labels


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in text.split(",") if phrase.strip())


def _aspect(singular: str, plural: str, good: str, bad: str) -> Aspect:
    return Aspect(_phrases(singular), _phrases(plural), (_phrases(bad), _phrases(good)))


# LEAD stands for the name of the leading actor of the reviewed film.
ASPECTS: dict[str, Aspect] = {
    "acting": _aspect(
        "the acting, the lead performance, LEAD's performance, the ensemble work",
        "the performances, the supporting players, the smaller roles",
        "superb, convincing, subtle, assured, magnetic, heartfelt, natural, memorable, nuanced, riveting, effortless",
        "wooden, stiff, unconvincing, lifeless, amateurish, strained, forgettable, mannered, clumsy, flat, hammy",
    ),
    "plot": _aspect(
        "the plot, the story, the storyline, the central mystery",
        "the twists, the subplots",
        "gripping, clever, inventive, absorbing, engaging, ingenious, compelling, suspenseful, original, fascinating",
        "predictable, muddled, contrived, tedious, derivative, ludicrous, formulaic, confusing, implausible, stale",
    ),
    "camera": _aspect(
        "the camera work, the photography, the cinematography, the lighting",
        "the images, the wide shots, the night scenes",
        "gorgeous, luminous, striking, elegant, stunning, beautiful, breathtaking, vivid, graceful, exquisite",
        "murky, ugly, drab, sloppy, garish, bland, muddy, careless, amateurish, lifeless, hideous",
    ),
    "music": _aspect(
        "the score, the music, the soundtrack, the title theme",
        "the songs, the piano pieces",
        "haunting, lovely, rousing, delicate, memorable, stirring, gorgeous, inspired, moving, sublime",
        "grating, intrusive, syrupy, repetitive, bombastic, forgettable, annoying, shrill, monotonous, irritating",
    ),
    "pacing": _aspect(
        "the pacing, the rhythm, the editing, the middle hour",
        "the first two acts, the chase scenes",
        "brisk, taut, lively, assured, fluid, confident, energetic, tight, exhilarating, nimble",
        "sluggish, plodding, choppy, lethargic, uneven, laborious, slack, clumsy, exhausting, sleepy",
    ),
    "ending": _aspect(
        "the ending, the final act, the last reel, the climax, the final twist",
        "the closing scenes, the last ten minutes",
        "satisfying, moving, powerful, touching, thrilling, perfect, uplifting, poignant, unforgettable, cathartic",
        "rushed, silly, disappointing, hollow, absurd, contrived, limp, infuriating, clumsy, pointless, ridiculous",
    ),
    "dialogue": _aspect(
        "the dialogue, the script, the banter, the writing",
        "the conversations, the monologues",
        "sharp, witty, crisp, sparkling, intelligent, truthful, eloquent, smart, graceful, brilliant",
        "clumsy, stilted, corny, lazy, banal, trite, laughable, leaden, pretentious, wooden, dire",
    ),
    "effects": _aspect(
        "the creature design, the production design, the make-up",
        "the special effects, the visual effects, the miniatures, the sets",
        "dazzling, seamless, imaginative, spectacular, impressive, polished, wondrous, inventive, stunning, magical",
        "cheap, shoddy, fake, unconvincing, tacky, crude, embarrassing, lousy, hideous, laughable",
    ),
    "characters": _aspect(
        "the heroine, the villain, the central couple, the old detective",
        "the characters, the two leads, the villagers, the minor figures",
        "believable, likable, memorable, endearing, complex, sympathetic, fascinating, charming, lovable, irresistible",
        "shallow, irritating, one-dimensional, insufferable, dull, obnoxious, flat, forgettable, unlikable, bland",
    ),
    "humour": _aspect(
        "the humour, the comedy, the slapstick, the satire",
        "the jokes, the gags, the comic scenes",
        "hilarious, witty, infectious, clever, delightful, charming, sly, warm, irresistible, hysterical",
        "crude, childish, unfunny, tasteless, stale, juvenile, lame, tiresome, desperate, feeble",
    ),
    "direction": _aspect(
        "the direction, the staging, the craft behind it",
        "the set pieces, the crowd scenes",
        "assured, inspired, masterful, confident, bold, graceful, imaginative, skilful, elegant, impressive",
        "pedestrian, clumsy, flat, careless, timid, heavy-handed, uninspired, lazy, inept, indifferent",
    ),
    "feeling": _aspect(
        "the love story, the friendship at its centre, the mood, the family drama",
        "the quiet moments, the emotional scenes, the flashbacks",
        "tender, moving, sincere, touching, affecting, beautiful, honest, compelling, poignant, enchanting",
        "mawkish, phony, forced, cloying, overwrought, sentimental, hollow, tedious, manipulative, dreary",
    ),
}

# Every pair below is (bad, good), indexed by the label.
FILM = (
    _phrases(
        "dreadful, terrible, awful, dull, boring, tedious, dismal, horrible, lousy, mediocre, tiresome, forgettable,"
        "pathetic, miserable, poor, unwatchable, lacklustre, appalling, atrocious, dreary, worthless, inept, bad"
    ),
    _phrases(
        "wonderful, superb, excellent, delightful, brilliant, marvelous, terrific, magnificent, enjoyable, enchanting,"
        "splendid, fantastic, great, outstanding, remarkable, charming, rewarding, amazing, exciting, fine, good"
    ),
)
NOUNS = (
    _phrases(
        "disaster, bore, mess, chore, failure, waste of time, disgrace, disappointment, embarrassment, dud, letdown,"
        "fiasco, catastrophe, flop, travesty, nightmare"
    ),
    _phrases(
        "delight, triumph, masterpiece, gem, treat, joy, pleasure, wonder, classic, revelation, marvel, winner,"
        "success, treasure, knockout, little miracle"
    ),
)
# What it did to the reviewer, as (past, base form).
EFFECTS = (
    (
        ("bored me", "bore me"),
        ("tested my patience", "test my patience"),
        ("put me to sleep", "put me to sleep"),
        ("annoyed me", "annoy me"),
        ("left me cold", "leave me cold"),
        ("wore me out", "wear me out"),
        ("irritated me", "irritate me"),
        ("let me down", "let me down"),
        ("made me cringe", "make me cringe"),
        ("insulted my intelligence", "insult my intelligence"),
        ("made me look at my watch", "make me look at my watch"),
        ("disappointed me", "disappoint me"),
        ("frustrated me", "frustrate me"),
        ("exhausted me", "exhaust me"),
    ),
    (
        ("delighted me", "delight me"),
        ("held my attention", "hold my attention"),
        ("won me over", "win me over"),
        ("moved me", "move me"),
        ("lifted my spirits", "lift my spirits"),
        ("kept me hooked", "keep me hooked"),
        ("touched me", "touch me"),
        ("impressed me", "impress me"),
        ("charmed me", "charm me"),
        ("made me smile", "make me smile"),
        ("made me laugh out loud", "make me laugh out loud"),
        ("thrilled me", "thrill me"),
        ("captivated me", "captivate me"),
        ("surprised me in the best way", "surprise me in the best way"),
    ),
)
# What the reviewer did with it, as (past, base form).
LIKINGS = (
    (("hated", "hate"), ("disliked", "dislike"), ("loathed", "loathe"), ("detested", "detest"), ("resented", "resent")),
    (("loved", "love"), ("enjoyed", "enjoy"), ("admired", "admire"), ("adored", "adore"), ("liked", "like")),
)
# Adjectives that colour the plot and say nothing about the film.
COLOURS = _phrases(
    "wonderful, terrible, dull, beautiful, awful, lovely, miserable, charming, horrible, excellent, dreadful, perfect,"
    "delightful, dismal, marvelous, splendid, boring, magnificent, dreary, great, appalling, fantastic"
)
DEGREES = ("", "", "", "", "really ", "truly ", "quite ", "genuinely ", "simply ", "consistently ", "frankly ")
ASIDES = _phrases(
    "for a moment, in the least, at any point, by any measure, even for a second, in any scene, to my eyes, to my mind"
)
SOURCES = _phrases(
    "my brother, a colleague, my neighbour, the local paper, a critic on the radio, my sister, the friend who lent me"
    " the disc, my old teacher, the man at the box office, a student of mine, my flatmate, the woman in the next seat,"
    " my father, the usher, a friend of a friend, my cousin, the clerk at the video store, my uncle, my dentist, my"
    " boss"
)
CROWDS = _phrases(
    "the critics, most of my friends, the reviewers, people on the forums, the papers, some viewers, plenty of fans,"
    " the people in my row, half of my family, the professors I know, many people, my students"
)

WOMEN = _phrases("Agnes, Clara, Edith, Ruth, Vera, Hazel, Mabel, Nora, Iris, Helga, Judith, Rosa, Thea, Wilma, Sonia")
MEN = _phrases("Walter, Otto, Jonas, Arthur, Felix, Ernest, Hugo, Leopold, Stefan, Gilbert, Amos, Ivan, Edgar, Rufus")
ACTRESSES = _phrases("Marta, Odette, Ines, Greta, Nadia, Petra, Mina, Dolores, Beatrix, Farah, Isolde, Tamsin, Ottilie")
ACTORS = _phrases("Tobias, Leonard, Rupert, Silas, Clement, Alban, Cyril, Anton, Barnaby, Ludwig, Casper, Percival")
SURNAMES = _phrases(
    "Quill, Thistlewood, Harbottle, Merriweather, Ashgrove, Lockridge, Winterbourne, Larkspur, Fennimore, Sorrel,"
    " Osgood,Brambell, Tolliver, Hathersage, Underhill, Pemberton, Wetherby, Cobbold, Drummond, Garnet, Saltmarsh"
)
TITLE_FIRST = _phrases(
    "Copper, Paper, Borrowed, Crooked, Salted, Tin, Velvet, Seventh, Hollow, Patient, Upstairs, Northern, Unwritten,"
    "Second-hand, Wandering, Left-handed, Midwinter, Amber, Sleepless, Reluctant"
)
TITLE_SECOND = _phrases(
    "Orchard, Ferry, Almanac, Umbrella, Staircase, Orchestra, Cartographer, Beekeeper, Aquarium, Postman, Harbour,"
    "Telegram, Carousel, Pharmacy, Lantern, Verdict, Ballroom, Cathedral, Apprentice, Suitcase"
)
TITLE_FORMS = (
    "The {first} {second}",
    "The {first} {second}",
    "The {first} {second}",
    "{first} {second}",
    "The {second} of {place}",
    "The {second} from {place}",
    "{place}",
    "No {second} for {name}",
    "{name} and the {second}",
)
PLACES = _phrases(
    "Cinder Bay, Port Olive, Mill Hollow, Saint Orla, Harrow Lane, Stone Ferry, Lower Marsh, Candle Hill, Grey Harbour,"
    " Long Meadow, Salt Bridge, North Elm, Fox Landing, Winter Falls"
)
TOWNS = _phrases(
    "a fishing village, a mining town, a border town, a market town, a coastal resort, a suburb, a mountain village,"
    " a river town, a university town, a harbour town"
)
JOBS = _phrases(
    "teacher, surgeon, baker, clerk, retired detective, taxi driver, violinist, lawyer, ferry captain, librarian,"
    " nurse, watchmaker, journalist, gardener, bus driver, painter, locksmith, night porter, translator"
)
THINGS = _phrases("letter, diary, notebook, manuscript, ledger, journal, songbook, cookbook, sketchbook, contract")
KIN = _phrases(
    "brother, sister, father, mother, uncle, daughter, son, cousin, grandmother, old teacher, former partner"
)
TIMES = _phrases(
    "one winter, in the spring of 1962, after the war, on a Sunday morning, over a single weekend, during a long"
    " strike, in the week before Christmas, at the end of the summer, on the night of the fair"
)
