"""Two words that only this console knows: what shows them is the console.

Promises    Chosen at the start, by chance, and shown to the person alone: nothing sends them anywhere, so no plugin can draw
            a question that has them.
"""

import secrets
from typing import Final

_FIRST: Final = """
amber ashen bold brass brave brisk bronze calm cedar chalk clear clever cloudy cobalt cool copper coral
crisp dapper deep dusty eager early ember fair fern flint frosty gentle glad golden grand green hardy hazel
honest humble indigo ivory jade jolly keen kind late level light lime lively lucky lunar maple merry mild
misty mossy neat nimble noble north olive opal orange pale patient pearl plain plum polar proud quick quiet
rapid red robust rosy ruby rustic sage sandy scarlet sharp shy silent silver sleek slow smooth snowy solar
solid south spry steady stone sunny swift tall teal tidy topaz true velvet vivid warm west wild wise witty
""".split()  # noqa: SIM905 - a list of that many lines would hide the rest
_SECOND: Final = """
acorn anchor apple arrow badger banjo barrel basket beacon beaver bell birch bison boat bridge button cactus
camel candle canoe castle cello cherry clover comet crane cricket dolphin donkey drum eagle falcon feather
ferry fiddle finch flute fox garden goose guitar hammer harbor hare hawk hedge heron hill horse island kettle
kite lantern lark lemon lily lion lizard llama magnet maple marble marten meadow melon mill mole moose moth
needle oak otter owl panda parrot pebble pelican piano pigeon pine pony poplar puffin quail rabbit raven reef
river robin salmon seal sparrow spoon stork swan tiger tower trout tulip turtle violin walnut walrus willow
""".split()  # noqa: SIM905 - a list of that many lines would hide the rest


def make_mark() -> str:
    """Return two words, out of some ten thousand pairs."""
    return f"{secrets.choice(_FIRST)} {secrets.choice(_SECOND)}"
