"""What members of the simulated community write: templates with slots, some of which break a policy.

The texts are invented and mild. They show how the parts work together; a model that knows them knows nothing
about real texts.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np

TOPICS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "cooking": {
        "thing": (
            "sourdough",
            "lentil soup",
            "cast-iron pan",
            "tomato sauce",
            "rye bread",
            "plum cake",
            "pie crust",
        ),
        "doing": ("baking", "kneading", "seasoning the pan", "roasting vegetables", "proofing the dough"),
        "place": ("my kitchen", "the market", "my aunt's oven", "a small bakery nearby"),
    },
    "cycling": {
        "thing": (
            "gravel bike",
            "rear derailleur",
            "chain",
            "carbon fork",
            "saddle",
            "tubeless tire",
            "headset",
        ),
        "doing": (
            "climbing",
            "changing a tire",
            "commuting by bike",
            "tuning the gears",
            "riding in the rain",
        ),
        "place": ("the river path", "the old pass road", "my garage", "the velodrome"),
    },
    "gardening": {
        "thing": (
            "tomato plants",
            "compost",
            "raised bed",
            "apple tree",
            "lavender",
            "greenhouse",
            "seedlings",
        ),
        "doing": ("pruning", "watering", "repotting", "mulching", "saving seeds"),
        "place": ("the balcony", "our allotment", "the north side of the house", "the nursery"),
    },
    "photography": {
        "thing": (
            "35 mm lens",
            "tripod",
            "old film camera",
            "flash",
            "sensor",
            "macro shot",
            "long exposure",
        ),
        "doing": (
            "focusing by hand",
            "editing",
            "scanning negatives",
            "shooting at night",
            "cleaning the lens",
        ),
        "place": ("the harbor", "the botanical garden", "a rooftop", "the flea market"),
    },
    "programming": {
        "thing": (
            "type checker",
            "test suite",
            "database index",
            "parser",
            "build script",
            "race condition",
            "cache",
        ),
        "doing": ("refactoring", "profiling", "reading the source", "writing docs", "debugging"),
        "place": ("the staging server", "a side project", "our main branch", "the terminal"),
    },
    "music": {
        "thing": (
            "upright bass",
            "drum kit",
            "second album",
            "chord progression",
            "vinyl pressing",
            "synthesizer",
        ),
        "doing": ("practicing scales", "recording at home", "tuning by ear", "mixing", "playing live"),
        "place": ("the rehearsal room", "a tiny club", "the record store", "the choir hall"),
    },
    "travel": {
        "thing": (
            "night train",
            "mountain hut",
            "ferry ticket",
            "city map",
            "backpack",
            "rail pass",
            "hostel",
        ),
        "doing": ("packing light", "waiting for the ferry", "hiking", "learning a few words", "getting lost"),
        "place": ("the coast", "the old town", "a quiet island", "the border station"),
    },
}

ACCEPTABLE: Sequence[str] = (
    "I finally fixed my {thing}, and {doing} is fun again.",
    "Does anyone here have experience with a {thing}? Mine keeps giving me trouble.",
    "Great write-up! The part about {doing} helped me a lot.",
    "I disagree. {Doing} is not that hard if you take your time.",
    "Here is my {thing} after a weekend of {doing} in {place}.",
    "Which {thing} would you buy if you had to choose again?",
    "Thanks, this is the best answer in the thread.",
    "My first try at {doing} was a disaster, the second one was fine :)",
    "I saw the same {thing} at {place} yesterday.",
    "Can somebody explain why {doing} takes me twice as long as everybody else?",
    "Nice picture! Where is {place}, if I may ask?",
    "Honestly the {thing} is overrated. Spend the money on lessons.",
    "We met at {place} for {doing} and stayed until dark.",
    "Update: the {thing} arrived, and it is smaller than I thought.",
    "I would not call it a failure. {Doing} in {place} is difficult for everyone.",
    "lol same here, my {thing} broke after two days",
    "Is there a beginner's guide to {doing}? I only find outdated ones.",
    "The shop at {place} repaired my {thing} for free, very kind people.",
    "This killed me, {doing} with a {thing} like that!",
    "I hate it when the {thing} does that. Turn it off and wait a minute.",
    "Warning: somebody in this thread sends links to free phones. It is a scam, do not click.",
    "Please stop calling people losers here. We can disagree about a {thing} and stay polite.",
    "More on this at https://wiki.example/{word} if you want the long version.",
    "Ich habe meine Ausrüstung endlich repariert, jetzt macht es wieder Spaß.",
    "Danke für den Hinweis, das hat mir sehr geholfen!",
    "Wo finde ich eine gute Anleitung für den Anfang?",
    "Gracias por la explicación, por fin lo entiendo.",
    "¿Alguien sabe dónde se puede comprar una buena pieza de repuesto?",
    "Merci beaucoup, ça marche enfin chez moi.",
    "Quelqu'un peut m'expliquer comment faire la première étape ?",
)

# By policy: templates that break it.
BREAKING: Mapping[str, Sequence[str]] = {
    "spam": (
        "Check out my channel for more {thing} videos, subscribe and I subscribe back! https://{domain}/{word}",
        "FREE followers in {number} minutes!!! Visit {domain} now!!!",
        "Best {thing} deals, {number} % off only today at www.{domain}",
        "I make videos about {doing}, please watch them and leave a like https://{domain}/v/{word}",
        "Cheap watches, cheap bags, cheap {thing}: {domain}",
        "Hello friends, new store open now, code {word} for {number} % off -> {domain}",
    ),
    "scam": (
        "You have won a phone! Confirm your shipping address within {number} hours at https://{domain}/win",
        "Send 0.1 coins and get 0.2 back, verified giveaway, ends in {number} minutes: {domain}",
        "I earned {number}00 dollars a day from home, ask my trainer on telegram @{word}{number}",
        "Your account will be closed. Log in at https://{domain}/login to keep it.",
        "Investment opportunity with guaranteed {number} % a month, write to {word}@{domain}",
    ),
    "harassment": (
        "You are a pathetic loser, {name}, and everybody here knows it.",
        "Shut up {name}, nobody wants you here, you worthless clown.",
        "What a stupid idiot you are, {name}. Go away and never come back.",
        "{name} is the dumbest person in this thread, everyone please report this fool.",
        "Nobody likes you {name}. Delete your account, you ugly freak.",
    ),
    "hate": (
        "People from {group} are all dirty thieves and should be thrown out.",
        "We do not want any {group} people in this group, they are vermin.",
        "Of course a {group} said that, they are all stupid and lazy.",
        "{group} people do not deserve rights. Keep them away from us.",
    ),
    "sexual": (
        "Hot singles near you want to chat tonight, see my private pics at {domain}",
        "I post nude pictures every day, come and see me naked: {domain}/{word}",
        "Looking for sex tonight? Message me, no strings attached, webcam at {domain}",
        "Adult videos, uncensored, free for {number} days at {domain}",
    ),
    "violence": (
        "I know where you live {name}, and I will hurt you.",
        "Next time I see you at {place} I will beat you up, {name}.",
        "{name} should be shot. I am not joking, I will come and find you.",
        "Somebody should burn down {place} with all of them inside.",
    ),
}

GROUPS = ("Northland", "Eastmark", "Sunder", "Valley", "Isle")  # invented
NAMES = ("Mara", "Jonas", "Priya", "Tomek", "Lena", "Diego", "Aiko", "Sam", "Nadia", "Owen")
WORDS = ("amber", "falcon", "lucky", "orbit", "pixel", "silver", "turbo", "velvet", "wonder", "zenith")
_SLOT = re.compile(r"\{(\w+)\}")


def write(
    rng: np.random.Generator, templates: Sequence[str], *, topic: str, slots: Mapping[str, str] | None = None
) -> str:
    """A text of one of the templates, about a topic; `slots` fills some slots with given words."""
    given = slots or {}
    template = str(rng.choice(np.array(templates, dtype=object)))
    return _SLOT.sub(lambda slot: given.get(slot[1]) or _draw_slot(rng, slot[1], topic), template)


def _draw_slot(rng: np.random.Generator, slot: str, topic: str) -> str:
    if slot == "number":
        return str(rng.integers(2, 99))
    if slot == "domain":
        return f"{rng.choice(WORDS)}-{rng.choice(WORDS)}{rng.integers(1, 99)}.example"
    if slot == "Doing":
        return _draw_slot(rng, "doing", topic).capitalize()
    plain = {"group": GROUPS, "name": NAMES, "word": WORDS}
    return str(rng.choice(plain.get(slot) or TOPICS[topic][slot]))
