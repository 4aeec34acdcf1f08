"""Tasks that need a picture, a page or a file which the row does not hold.

No answer to them can be right: what is written there was made up, and teaches to make up. A task is left
alone when its answer says that the material is missing, which is right, and when it asks for a program, which
reads its files later. Only the first question of a conversation is looked at; later ones may mean what was
said.
"""

import re

from instruction_tuning.canonical.checks.spans import ExchangeCheck, Span, any_of

_PICTURE = (
    r"(?:images?|pictures?|photos?|photographs?|screenshots?|videos?|video clips?|audio|audio clips?|"
    r"recordings?|"
    r"paintings?|drawings?|cartoons?|comics?|memes?|gifs?|infographics?|diagrams?|"
    r"(?:bar |line |pie |scatter )?(?:charts?|graphs?|plots?))"
)
_FILE = (
    r"(?:files?|documents?|pdfs?|articles?|texts?|papers?|passages?|essays?|reports?|data ?sets?|data|"
    r"spreadsheets?|csv|transcripts?|stor(?:y|ies)|resumes?)"
)
_PUT = r"(?:insert(?:ed)?|attach(?:ed)?|upload(?:ed)?|link(?:ed)?(?: to)?|add|include[ds]?|see|paste[ds]?)"
_PICTURE_ZH = r"(?:图片|图像|照片|相片|截图|插图|视频|音频|录音|图表)"
_FILE_ZH = r"(?:文件|文档|文章|文本|附件|论文|报告|数据集?)"

# [insert a picture of a cat], <image>, （附照片）: a mark where the picture was.
_PICTURE_MARK = re.compile(
    rf"[\[<] ?(?:{_PUT}\s(?:\w{{1,12}}\s){{0,3}}?)?{_PICTURE}(?: [^\]>=\n]{{0,80}})?[\]>]|"
    rf"\( ?{_PUT}\s(?:\w{{1,12}}\s){{0,3}}?{_PICTURE}\b[^)\n]{{0,60}}\)|"
    r"!\[[^\]\n]{0,100}\]\(|"
    rf"[\[<(（【](?:在此|此处)?(?:插入|附上?|上传|粘贴)[^\])>）】\n]{{0,12}}{_PICTURE_ZH}[^\])>）】\n]{{0,20}}[\])>）】]|"
    rf"[\[<【]{_PICTURE_ZH}[\]>】]",
    re.IGNORECASE,
)
_FILE_MARK = re.compile(
    rf"[\[<(] ?{_PUT}\s(?:\w{{1,12}}\s){{0,3}}?{_FILE}\b[^\])>\n]{{0,60}}[\])>]|"
    r"[\[<(（【](?:在此|此处)?(?:插入|附上?|上传|粘贴)"
    rf"[^\])>）】\n]{{0,12}}{_FILE_ZH}[^\])>）】\n]{{0,20}}[\])>）】]|"
    rf"\b(?:the|this|see) attached {_FILE}\b|\bsee (?:the )?attach(?:ed|ment)\b|"
    rf"(?:见|查看|根据|阅读)(?:以下|所附的?|下面的?)?附件|(?:附件|所附)(?:中|里)?的{_FILE_ZH}",
    re.IGNORECASE,
)
# "Describe this photo." with nothing to describe.
_POINTS_AT_PICTURE = re.compile(
    r"\b(?:this|these|(?:the )?(?:following|given|attached|provided)|given (?:the|an?|this)|"
    rf"(?:the )?below) (?:\w{{1,15}} )?{_PICTURE}\b|"
    rf"\bin (?:the|this|these) (?:images?|pictures?|photos?|photographs?|screenshots?|videos?)\b|"
    rf"(?:这[张幅个段]|以下|下面|下列|给定|所给|提供)的?{_PICTURE_ZH}|(?:图片|照片|图像|截图)[中里]|[下上]图",
    re.IGNORECASE,
)
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'）】，。、]{3,500}", re.IGNORECASE)
_READS = re.compile(
    r"summar|analy[sz]|article|\bstor(?:y|ies)|\bnews|blog|\bpost\b|\bpaper|passage|\breport|review|trailer|"
    r"video|"
    r"\bclip|\bsong|podcast|speech|\bimage|\bphoto|picture|painting|comic|\bmeme|caption|"
    r"main (?:idea|point|topic)|"
    r"key (?:point|takeaway)|\btheme|\btone\b|headline|paraphras|rewrite|\bread\b|\bauthor|\bwho wrote|"
    r"argument|"
    r"conclusion|opinion|evaluate|usability|\bcontent|"
    r"总结|概括|概述|摘要|分析|描述|文章|新闻|博客|博文|视频|图片|照片|阅读|标题|评论|作者|谁写",
    re.IGNORECASE,
)
_FOR_A_PROGRAM = re.compile(
    r"\b(?:scripts?|code|coding|functions?|programs?|python|java|javascript|html|css|sql|php|bash|shell|api|apis|"
    r"regex|regular expression|scrap\w{1,4}|curl|requests?|json|xml|endpoint|algorithm|"
    r"domain|hyperlinks?|protocol|valid|cite|citations?|bibliograph\w{1,5}|references?|apa|mla|shorten|slug|"
    r"nodes?|vert(?:ex|ices)|edges)\b|代码|脚本|函数|程序|编程|爬虫|算法|域名|引用|参考文献|网址是否",
    re.IGNORECASE,
)
_IS_A_LETTER = re.compile(
    r"\b(?:e-?mail|letter|memo|message|template|reply)\b|邮件|信件|模板|短信", re.IGNORECASE
)
# The answer says itself that there is nothing to see; looked for near its beginning only.
_ADMITS = re.compile(
    r"\b(?:can(?:not|['’]?t| not)|unable|not able|(?:do|does|did|was|were|is|are|have|has)(?: not|n['’]?t)) "
    r"(?:\w{1,15} ){0,3}?(?:see|view|access|open|have|watch|listen|read|provided?|attached|included|given|"
    r"display|"
    r"ability|visible|available|possible)\b|\b(?:please|could you) (?:provide|share|attach|upload|paste)|"
    r"\bno (?:image|photo|picture|video|file|link|attachment|article|text)\b|"
    r"无法|不能|看不到|没有(?:提供|给|看到|附)|未(?:提供|附|给)|请(?:您)?(?:提供|上传|附上)",
    re.IGNORECASE,
)
_ADMITS_WITHIN = 400
_LONGEST_EMPTY_TASK = 400  # characters beside links and marks; a longer text may hold what it points at
_LEFT_OVER = 40  # characters of a second paragraph that describe nothing
# "Which of these cartoons were filmed? Aladdin, Jungle Book, Shrek": what is pointed at is named behind.
_SEVERAL = re.compile(r"these\b|s\Z|以下|下[列面]", re.IGNORECASE)
_LIST_BEHIND = re.compile(r"[^\n:：?？]*([:：?？])([^\n]*)")
_LIST_MARK = re.compile(r"[,，、;；]")
_LONGEST_NAME = 6  # words
# A place where a picture was is no name: 1.jpg, an address, image 2
_NO_NAME = re.compile(
    r"\.\w{2,4}\Z|://|\A\W*(?:images?|img|pictures?|photos?|fig(?:ure)?)?[\s_]*\w?\W*\Z", re.IGNORECASE
)
_LABEL_BEFORE_LINK = re.compile(r"[^\n:：]{0,60}[:：]\s*$")


def missing_image(prompt: str, answer: str) -> Span | None:
    """Where the task points at a picture, a film or a sound that is not there."""
    mark = _PICTURE_MARK.search(prompt)
    found = mark or _POINTS_AT_PICTURE.search(prompt)
    if found is None or _is_served(prompt, answer):
        return None
    if mark is None and (_described_elsewhere(prompt, found.end()) or _named_behind(prompt, found)):
        return None
    return found.span()


def missing_link(prompt: str, answer: str) -> Span | None:
    """Where the task gives an address in place of the text that is to be read."""
    found = _URL.search(prompt)
    if found is None or _is_served(prompt, answer) or not _READS.search(_URL.sub(" ", prompt)):
        return None
    return found.span() if _is_all_there_is(prompt, found.span()) else None


def missing_file(prompt: str, answer: str) -> Span | None:
    """Where the task points at an attachment, or a mark stands for the text."""
    found = _FILE_MARK.search(prompt)
    if found is None or _is_served(prompt, answer) or _IS_A_LETTER.search(prompt):
        return None
    return found.span()


def _is_served(prompt: str, answer: str) -> bool:
    """Whether nothing is missing after all."""
    beside = len(_URL.sub("", prompt))
    if beside > _LONGEST_EMPTY_TASK or _FOR_A_PROGRAM.search(prompt):
        return True
    return _ADMITS.search(answer, 0, _ADMITS_WITHIN) is not None


def _described_elsewhere(prompt: str, after: int) -> bool:
    """Whether another paragraph says what can be seen."""
    _, _, rest = prompt[after:].partition("\n")
    head = prompt[:after].rpartition("\n\n")[0]
    return len(rest.strip()) > 0 or len(head.strip()) > _LEFT_OVER


def _named_behind(prompt: str, pointer: re.Match[str]) -> bool:
    """Whether a list of names follows on the line: two behind a colon, three behind a question mark, where
    "Be brief, please" may stand too."""
    behind = _LIST_BEHIND.match(prompt, pointer.end())
    if behind is None or not _SEVERAL.search(pointer[0]):
        return False
    names = [name.strip() for name in _LIST_MARK.split(behind[2])]
    are_names = all(len(name.split()) <= _LONGEST_NAME and not _NO_NAME.search(name) for name in names)
    return are_names and len(names) >= (2 if behind[1] in ":：" else 3)


def _is_all_there_is(prompt: str, link: Span) -> bool:
    """Whether the paragraph of the link holds only links and labels, or an instruction that ends in it."""
    start = prompt.rfind("\n\n", 0, link[0]) + 1
    end = prompt.find("\n\n", link[1])
    paragraph = prompt[start : end if end >= 0 else len(prompt)]
    left_over = _URL.sub("", paragraph)
    if start == 0:
        before = prompt[: link[0]]
        return bool(_LABEL_BEFORE_LINK.search(before)) or len(left_over) < _LEFT_OVER * 2
    return len(left_over.strip()) <= _LEFT_OVER


_MAY_POINT_AT_PICTURE = any_of(
    *(
        "image",
        "picture",
        "photo",
        "screenshot",
        "video",
        "audio",
        "recording",
        "painting",
        "drawing",
        "chart",
    ),
    *(
        "cartoon",
        "comic",
        "meme",
        "gif",
        "infographic",
        "diagram",
        "graph",
        "plot",
        "![",
        "图",
        "照片",
        "视频",
    ),
    *("音频", "录音", "相片"),
)
_MAY_POINT_AT_FILE = any_of(
    *(
        "attach",
        "[insert",
        "[ insert",
        "(insert",
        "<insert",
        "[upload",
        "(upload",
        "<upload",
        "[paste",
        "(paste",
    ),
    *(
        "<paste",
        "[add",
        "(add",
        "<add",
        "[link",
        "(link",
        "<link",
        "[include",
        "(include",
        "<include",
        "[see",
    ),
    *("(see", "<see", "插入", "附", "上传", "粘贴"),
)
QUESTION_CHECKS = (
    ExchangeCheck("missing_image", missing_image, _MAY_POINT_AT_PICTURE, in_question=True),
    ExchangeCheck("missing_link", missing_link, any_of("http", "www."), in_question=True),
    ExchangeCheck("missing_file", missing_file, _MAY_POINT_AT_FILE, in_question=True),
)
