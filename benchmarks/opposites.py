"""Words of praise and of blame that may take each other's place in a sentence, for `benchmarks.edits`.

Each kind is one slot of English grammar: praise on the first line, blame on the second. Exact opposites are named again
below; any other word is answered by one of its kind. The lists are our own.
"""

from __future__ import annotations

KINDS: dict[str, tuple[str, str]] = {
    "adjective": (
        "good great excellent wonderful brilliant superb fantastic amazing perfect beautiful outstanding terrific marvelous "
        "magnificent remarkable incredible delightful enjoyable entertaining funny hilarious interesting fascinating "
        "engaging gripping exciting thrilling moving touching powerful compelling memorable unforgettable original clever "
        "smart intelligent witty charming lovely fresh inventive imaginative inspired believable convincing realistic "
        "strong solid fine effective impressive stunning gorgeous breathtaking satisfying rewarding worthwhile likable "
        "lovable sympathetic superior flawless masterful riveting captivating enchanting heartwarming uplifting "
        "extraordinary exceptional splendid fabulous awesome delicious subtle nuanced sensitive tender poignant "
        "heartfelt refreshing suspenseful sharp elegant warm pleasant coherent tasteful decent nice profound genuine "
        "natural authentic graceful lively energetic timeless spectacular dazzling sublime exquisite polished "
        "unpredictable insightful thoughtful meaningful favorite favourite",
        "bad terrible awful horrible dreadful poor lousy mediocre pathetic lame stupid dumb boring dull tedious bland "
        "predictable forgettable unoriginal ridiculous silly pointless senseless unfunny annoying irritating unbelievable "
        "unconvincing weak cheap ugly disappointing atrocious abysmal appalling laughable worthless uninteresting "
        "uninspired lifeless flat wooden amateurish cheesy crappy unwatchable inept idiotic inane incoherent "
        "confusing contrived clichéd trite stale derivative shallow hollow obnoxious unlikable insufferable pretentious "
        "clumsy sloppy shoddy painful miserable dismal dreary drab lackluster lacklustre tiresome monotonous repetitive "
        "sluggish muddled messy implausible unrealistic absurd ludicrous preposterous embarrassing cringeworthy juvenile "
        "childish crude tasteless offensive vapid insipid soulless forced stilted heavy-handed overrated tepid "
        "inferior horrid horrendous rotten sappy mawkish useless unpleasant meaningless hated generic",
    ),
    "comparative": ("better finer funnier smarter", "worse weaker duller dumber"),
    "superlative": (
        "best finest greatest funniest smartest strongest",
        "worst weakest lamest dullest dumbest poorest",
    ),
    "adverb": (
        "beautifully brilliantly wonderfully superbly perfectly well nicely skillfully masterfully convincingly "
        "marvelously cleverly effectively admirably splendidly flawlessly gracefully",
        "terribly poorly badly horribly awfully clumsily unconvincingly miserably ineptly dreadfully carelessly painfully",
    ),
    "comment": (
        "fortunately thankfully happily luckily",
        "unfortunately sadly regrettably",
    ),
    "noun": (
        "masterpiece gem delight joy treat triumph pleasure classic winner success treasure marvel wonder knockout "
        "achievement hit jewel revelation",
        "mess disaster bore failure disappointment turkey joke dud flop travesty embarrassment stinker letdown "
        "abomination fiasco catastrophe insult nightmare chore trainwreck",
    ),
    "mass": (
        "brilliance genius perfection magic beauty gold art excellence",
        "garbage crap trash rubbish junk drivel nonsense dreck tripe stupidity",
    ),
    "quality": (
        "charm talent wit intelligence depth tension humor humour warmth energy imagination originality suspense",
        "boredom clichés stupidity incompetence tedium laziness silliness cheesiness dullness predictability",
    ),
    "like": (
        "love like enjoy adore admire appreciate recommend praise",
        "hate dislike despise loathe detest regret avoid condemn",
    ),
    "liked": (
        "loved liked enjoyed adored admired appreciated recommended praised",
        "hated disliked despised loathed detested regretted resented",
    ),
    "likes": ("loves likes enjoys adores", "hates dislikes despises loathes"),
    "liking": ("loving liking enjoying adoring", "hating disliking despising loathing"),
    "works": (
        "works succeeds shines delivers excels impresses triumphs soars",
        "fails disappoints drags sucks stinks flops falters bores",
    ),
    "work": ("succeed shine deliver excel impress triumph", "fail disappoint drag suck stink flop bore"),
    "worked": (
        "worked succeeded shone delivered excelled impressed triumphed",
        "failed disappointed dragged sucked stunk flopped faltered bored",
    ),
    "moves": (
        "delights entertains amuses captivates thrills moves charms fascinates",
        "bores annoys irritates disappoints frustrates tires offends exhausts",
    ),
    "moved": (
        "delighted entertained amused captivated thrilled moved charmed fascinated impressed pleased touched engrossed hooked",
        "bored annoyed irritated disappointed frustrated offended exhausted disgusted appalled embarrassed",
    ),
    "elevates": ("elevates saves lifts enriches improves", "ruins spoils wrecks sinks cheapens"),
    "elevated": ("elevated saved lifted enriched improved", "ruined spoiled wrecked sunk cheapened"),
    "strength": ("strengths merits virtues highlights", "weaknesses flaws faults problems"),
    "gift": ("strength merit virtue highlight", "weakness flaw fault problem"),
    "laugh": ("laughed smiled cheered", "yawned cringed groaned"),
    "laughing": ("laughing smiling cheering", "yawning cringing groaning"),
}

# Of the same kind or not: what a person would write first.
EXACT = """
good bad; great terrible; great awful; excellent awful; wonderful horrible; best worst; better worse; interesting boring;
interesting uninteresting; funny unfunny; hilarious unfunny; entertaining boring; believable unbelievable; convincing
unconvincing; realistic unrealistic; memorable forgettable; unforgettable forgettable; exciting dull; exciting boring;
smart stupid; intelligent stupid; clever stupid; clever dumb; strong weak; beautiful ugly; original unoriginal; original
derivative; likable unlikable; coherent incoherent; unpredictable predictable; brilliant stupid; superb poor; excellent
poor; amazing terrible; perfect flawed; fantastic awful; moving boring; powerful weak; engaging tedious; gripping tedious;
fresh stale; subtle heavy-handed; profound shallow; meaningful meaningless; well badly; well poorly; beautifully poorly;
brilliantly badly; wonderfully terribly; perfectly poorly; love hate; loved hated; loves hates; loving hating; like
dislike; liked disliked; enjoy hate; enjoyed hated; recommend avoid; masterpiece disaster; masterpiece mess; gem dud; treat
chore; joy bore; delight disappointment; success failure; works fails; worked failed; succeeds fails; succeeded failed;
delivers disappoints; fortunately unfortunately; thankfully unfortunately; strengths weaknesses; strength weakness;
worthwhile worthless; pleasant unpleasant; natural wooden; lively lifeless; impressive unimpressive; impressed
disappointed; underrated overrated; satisfying disappointing; nice awful; fine poor; solid weak; elegant clumsy; talented
untalented; always never; genius incompetence
"""

# What stands for praise or blame as several tokens; both directions, each as the tokenizer splits it.
PHRASES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("highly recommend", "strongly recommend", "definitely recommend"), ("do n't recommend", "would not recommend", "can not recommend")),
    (("i recommend", "i would recommend", "i 'd recommend"), ("i would n't recommend", "i do not recommend", "i ca n't recommend")),
    (("highly recommended", "recommended"), ("not recommended", "not recommended at all")),
    (("a must see", "a must - see", "must see"), ("one to avoid", "a must avoid", "a film to skip")),
    (("do n't miss it", "see it", "go see it", "watch it"), ("avoid it", "skip it", "do n't bother", "stay away from it")),
    (("do n't miss", "make time for", "be sure to see"), ("avoid", "stay away from", "do n't waste your time on")),
    (("a great use of time", "time well spent", "worth your time", "worth the time"),
     ("a waste of time", "a complete waste of time", "a total waste of time", "not worth your time")),
    (("well worth", "definitely worth", "worth"), ("not worth", "hardly worth", "not even worth")),
    (("money well spent", "worth every penny"), ("a waste of money", "money wasted", "not worth a penny")),
    (("full of life", "full of charm", "full of wit"), ("full of clichés", "full of holes", "devoid of life", "lacking in charm")),
    (("two thumbs up", "thumbs up"), ("two thumbs down", "thumbs down")),
    (("kept me on the edge of my seat", "kept me hooked", "held my attention", "won me over"),
     ("put me to sleep", "bored me to tears", "lost my attention", "left me cold", "nearly made me walk out")),
    (("i could n't stop watching", "i was glued to the screen"), ("i could n't wait for it to end", "i kept looking at my watch")),
    (("can not wait to see it again", "could watch it again and again"), ("never want to see it again", "would never watch it again")),
    (("one of my favorites", "one of my favorite movies", "one of the best films i 've seen"),
     ("one of my least favorites", "one of the worst movies i 've seen", "one of the worst films i 've seen")),
    (("exceeded my expectations", "better than i expected", "even better than expected"),
     ("fell short of my expectations", "worse than i expected", "not what i had hoped for")),
    (("pleasantly surprised", "pleasantly surprised"), ("badly disappointed", "sorely disappointed", "unpleasantly surprised")),
    (("top notch", "top - notch", "first rate", "first - rate", "spot on"), ("second rate", "third - rate", "bottom of the barrel", "way off")),
    (("well acted", "well - acted"), ("badly acted", "poorly acted")),
    (("well written", "well - written"), ("badly written", "poorly written")),
    (("well made", "well - made", "well done", "well - done"), ("badly made", "poorly made", "badly done", "poorly done")),
    (("well directed", "well - directed"), ("badly directed", "poorly directed")),
    (("well developed", "well - developed"), ("poorly developed", "underdeveloped")),
)
NEGATORS = frozenset("not n't never no nothing hardly neither nor without cannot barely scarcely".split())
DEGREES = ("very", "really", "so", "pretty", "quite", "truly", "absolutely", "totally", "completely")
