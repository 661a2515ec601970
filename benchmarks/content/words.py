"""Frequent words of several languages, of which benchmark texts are made up."""

from collections.abc import Mapping

# By language: frequent words first, since texts draw them by rank.
WORDS: Mapping[str, tuple[str, ...]] = {
    language: tuple(words.split())
    for language, words in {
        "en": """the and to of a in it is that for was on with as but they have this be at one
            not what all were when we there can out other your which time how about many then
            would these like into him has more two write could people than first water been who
            now find long down day did get come made may part over sound place live back little
            only round year show every good give under name through form sentence great think
            help low line before turn move right old same tell follow around three small end
            does another well large garden kitchen bicycle camera weekend neighbor station music
            answer question picture""",
        "de": """der die und in den von zu das mit sich des auf für ist im dem nicht ein eine
            als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie
            einem über einen so zum war haben nur oder aber vor zur bis mehr durch man sein
            wurde wenn Haus Garten Küche Straße Bahnhof schön heute gestern vielleicht endlich
            Frage Antwort Bild Wochenende Fahrrad Erfahrung gefunden geschrieben""",
        "es": """de la que el en y a los se del las un por con no una su para es al lo como más
            o pero sus le ha me si sin sobre este ya entre cuando todo esta ser son dos también
            fue había era muy años hasta desde está mi porque qué sólo han yo hay vez puede casa
            cocina jardín pregunta respuesta mañana ayer gracias bicicleta música ciudad
            fotografía""",
        "fr": """de la le et les des en un du une que est pour qui dans a par plus pas au sur ne
            se le ce il sont ou avec son aux cette ont ses mais comme on tout nous sa fait été
            aussi leur bien peut ces deux même entre sans après jardin cuisine vélo gare musique
            réponse question image demain hier enfin merci beaucoup trouvé écrit première""",
        "pt": """de a o que e do da em um para é com não uma os no se na por mais as dos como
            mas foi ao ele das tem à seu sua ou ser quando muito há nos já está eu também só
            pelo pela até isso ela entre era depois sem mesmo jardim cozinha bicicleta pergunta
            resposta amanhã obrigado música fotografia coração""",
        "tr": """bir ve bu da de için ne o çok ben ama daha gibi var kadar mi sen değil her şey
            benim iyi sonra olarak en ya zaman yok şimdi olan nasıl biz ile evet hayır bana
            kendi güzel bahçe mutfak bisiklet soru cevap resim müzik istasyon hafta teşekkürler
            öğrenci üzerinde""",
        "ru": """и в не на я быть он с что а по это она этот к но они мы весь который из у то за
            свой ты год для от так о время рука мочь один знать если когда вот раз ещё себя
            сказать дом сад кухня велосипед вопрос ответ картина музыка вокзал завтра вчера
            спасибо наконец хорошо написал""",
        "uk": """і в не на я що з він це до як а за та у по вони ми від для так але його чи
            тільки ще бути якщо коли можна дім сад кухня питання відповідь дякую завтра вчора
            музика вокзал гарно написав""",
        "ar": """في من على أن إلى هذا التي الذي عن كان مع ما هو كل بعد بين هذه قد كما لم قبل حتى
            عند أو إذا لأن شكرا البيت الحديقة السؤال الجواب الصورة اليوم غدا جميل كتبت""",
        "hi": """के है में की से और का को पर यह कि एक भी नहीं तो ही था वह लिए इस हो कर जो ने कुछ
            बहुत अब क्या घर बगीचा सवाल जवाब तस्वीर आज कल धन्यवाद संगीत""",
        "ja": """これ は とても いい です 写真 が 好き 今日 庭 で 見ました 質問 あります 教えて
            ください 自転車 を 直した 昨日 駅 の 近く ありがとう ございます 音楽 聞いて 明日
            また""",
        "zh": """我 的 是 在 了 不 有 这 他 们 中 大 来 上 国 个 到 说 为 和 你 地 出 就 也 时
            可以 花园 厨房 问题 回答 照片 今天 明天 谢谢 音乐 自行车 非常 好看""",
    }.items()
}
# Shares of posts by language.
SHARES: Mapping[str, float] = {
    "en": 0.5,
    "de": 0.1,
    "es": 0.1,
    "fr": 0.06,
    "pt": 0.06,
    "tr": 0.03,
    "ru": 0.05,
    "uk": 0.02,
    "ar": 0.03,
    "hi": 0.02,
    "ja": 0.02,
    "zh": 0.01,
}
UNSPACED = ("ja", "zh")
EMOJI = ("🙂", "👍🏽", "❤️", "😂", "🎉", "👨‍👩‍👧")
