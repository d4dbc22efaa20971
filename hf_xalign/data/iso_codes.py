"""Code lists: ISO 639-3 and ISO 639-1 languages, ISO 15924 scripts.

Facts only, no names: ISO 639-3 (registration authority: SIL International), ISO 639-1/-2 (Library of Congress) and
ISO 15924 (Unicode Consortium), as in release 4.15 of Debian's `iso-codes`. The four special codes (mis, mul, und, zxx)
are left out; the collective or retired codes that corpora and uroman use are added (`ber` in Tatoeba, `bih`, `eml`,
`myn`, `nah` in uroman). Three-letter codes are kept without their first letter, which keeps this file short.
"""

from __future__ import annotations


# First letter -> the second and third letters of every code that begins with it, run together.
_TAILS = {
    "a": (
        "aaabacadaeafagahaiakalanaoapaqarasatauawaxazbabbbcbdbebfbgbhbibjbkblbmbnbobpbqbrbsbtbubvbwbxbybzcacb"
        "cdcecfchcickclcmcncpcqcrcsctcucvcwcxcyczdadbdddedfdgdhdidjdldndodqdrdsdtdudwdxdydzeaebecedeeekelemen"
        "eqereseueweyezfbfdfefgfhfifkfnfofpfrfsftfufzgagbgcgdgegfggghgigjgkglgmgngogqgrgsgtgugvgwgxgygzhahbhg"
        "hhhihkhlhmhnhohphrhshtiaibicidieifigihiiijikiliminioipiqiritiwixiyjajgjijnjpjsjujwjzkakbkckdkekfkgkh"
        "kikjkkklkmkokpkqkrksktkukvkwkxkykzlalcldlelflhliljlklllmlnlolplqlrlsltlulwlxlylzmambmcmemfmgmhmimjmk"
        "mlmmmnmompmqmrmsmtmumvmwmxmymznanbncndnenfngnhninjnknlnmnnnonpnqnrnsntnunvnwnxnynzoaobocodoeofogoioj"
        "okolomonorosotouoxozpbpcpdpepfpgphpipjpkplpmpnpopppqprpsptpupvpwpxpypzqcqdqgqkqmqnqpqrqtqzrarbrcrdre"
        "rgrhrirjrkrlrnrorprqrrrsrurvrwrxryrzsasbscsesfsgshsisjskslsmsnsospsqsrssstsusvswsxsysztatbtctdtetgti"
        "tjtktltmtntotptqtrtstttutvtwtxtytzuaubucuduguhuiujukulumunuoupuqurutuuuwuxuyuzvavbvdvevivkvlvmvnvovs"
        "vtvuvvwawbwcwewgwhwiwkwmwnwowrwswtwuwvwwwxwyxbxexgxkxlxmxxyaybycydyeygyhyiykylymynyoypyqyrysytyuyzza"
        "zbzdzezgzjzmznzoztzz"
    ),
    "b": (
        "aaabacaeafagahajakalamanaoaparasauavawaxaybabbbcbdbebfbgbhbibjbkblbmbnbobpbqbrbsbtbubvbwbxbycacbcccd"
        "cecfcgchcicjckclcmcncocpcqcrcsctcucvcwcyczdadbdcdddedfdgdhdidjdkdldmdndodpdqdrdsdtdudvdwdxdydzeaebec"
        "edeeefegeheiejekelemeneoepeqereseteuevewexeyezfafbfcfdfefffgfhfifjfkflfmfnfofpfqfrfsftfufwfxfyfzgagb"
        "gcgdgegfgggigjgkglgngogpgqgrgsgtgugvgwgxgygzhahbhchdhehfhghhhihjhlhmhnhohphqhrhshthuhvhwhxhyhziaibid"
        "ieifigikiliminioipiqirisitiuiviwixiyizjajbjcjejfjgjhjijjjkjljmjnjojpjrjsjtjujvjwjxjyjzkakckdkfkgkhki"
        "kjkkklkmknkokpkqkrksktkukvkwkxkykzlalblcldlelflhliljlklllmlnlolplqlrlsltlvlwlxlylzmambmcmdmemfmgmhmi"
        "mjmkmlmmmnmompmqmrmsmtmumvmwmxmznanbncndnenfngninjnknlnmnnnonpnqnrnsnunvnwnxnynzoaobodoeofogohoiojok"
        "olomonooopoqorosotouovowoxoyozpapcpdpepgphpipjpkplpmpnpopppqprpsptpupvpwpxpypzqaqbqcqdqfqgqhqiqjqkql"
        "qmqnqoqpqqqrqsqtquqvqwqxqyqzrarbrcrdrerfrgrhrirjrkrlrmrnrorprqrrrsrtrurvrwrxryrzsasbscsesfsgshsisjsk"
        "slsmsnsospsqsrssstsusvswsxsytatctdtetftgthtitjtmtntotptqtrtstttutvtwtxtytzuaubucudueufuguhuiujukulum"
        "unuoupuqusutuuuvuwuxuyuzvavbvcvdvevfvgvhvivjvkvlvmvnvovpvqvrvtvuvvvwvxvyvzwawbwcwdwewfwgwhwiwjwkwlwm"
        "wnwowpwqwrwswtwuwwwxwywzxaxbxcxdxexfxgxhxixjxkxlxmxnxoxpxqxrxsxuxvxwxzyaybycydyeyfygyhyiyjykylymynyo"
        "ypyqyrysytyvywyxyzzazbzczdzezfzgzhzizjzkzlzmznzozpzqzrzsztzuzvzwzxzyzz"
    ),
    "c": (
        "aaabacadaeafagahajakalamanaoapaqarasatavawaxayazbbbcbdbgbibjbkblbnbobqbrbsbtbubvbwbycccdcecgchcjclcm"
        "cocpcrdadedfdhdidjdmdndodrdsdydzeaebegekeneseteyfafdfgfmgagcgggkhahbhchdhehfhghhhjhkhlhmhnhohphqhrht"
        "huhvhwhxhyhziaibicidieihikiminipiriwiyjajejhjijkjmjnjojpjsjvjykbkhklkmknkokqkrksktkukvkxkykzlalcldle"
        "lhliljlklllmloltlulwlymamemgmimlmmmnmomrmsmtnanbncngnhninknlnonpnqnrnsntnunwnxoaobocodoeofogohojokol"
        "omonooopoqorosotouovowoxozpapbpcpgpipnpopspupxpyqdrarbrcrdrerfrgrhrirjrkrlrmrnrorqrrrsrtrvrwrxryrzsa"
        "sbscsdsesfsgshsisjskslsmsnsospsqsrssstsvswsxsysztatctdtetgthtltmtntotptstttutytzuaubucuhuiujukuluoup"
        "uqurutuuuvuwuxuyvgvnwawbwdwewgwtyaybymyozhzkznzozt"
    ),
    "d": (
        "aaacadaeagahaiajakalamanaoaqarasauavawaxazbabbbdbebfbgbibjblbmbnbobpbqbrbtbubvbwbycccrdadddedgdidjdn"
        "dodrdsdwecedeeefegeheiekelemenepeqereseuevezgagbgcgdgeggghgigkglgngogrgsgtgwgxgzhdhghihlhmhnhohrhshu"
        "hvhwhxiaibicidifigihiiijikiliminioipiqirisiuiviwixiyizjajbjcjdjejfjijjjkjmjnjojrjujwkakgkkkrkskxlglk"
        "lmlnmambmcmdmemfmgmkmlmmmomrmsmumvmwmxmynandnengninjnknnnonrntnunvnwnyoaobocoeofohoiokolonooopoqoros"
        "otovowoxoyozpprbrcrdrergrirlrnrorqrsrtrurysbseshsislsnsosqsztatbtdthtitktmtntotptrtstttutyuaubucueuf"
        "uguhuiukulumunuoupuqurusuuuvuwuxuyuzvawawkwrwswuwwwywzyaybydygyiymynyoyuyyzazezgzlznzo"
    ),
    "e": (
        "aabcbgbkbobrbucrcscyeefafefigaglgmgogyhshuipitivjakakekgkikkklkmkokpkrkylelhlilklllmlolulxmambmemgmi"
        "mkmmmnmpmqmsmumwmxmymznanbncndnfngnhnlnmnnnonqnrnunvnwnxotpiporargrhrirkrorrrsrtrwsesgshsiskslsmsnso"
        "sqssstsusytbtcthtntotrtstttutxtzusvevhvnwewoxtyayozaze"
    ),
    "f": (
        "aaabadafagahaiajakalamanaoaparasatauaxayazblcserfifmgriaieifijilinipiritiwkkkvlalhlilllnlrlympmunbng"
        "niodoiomonorospeqsrarcrdrkrmrorprqrrrsrtryseslssubucudueufuhuiujulumunuqurutuuuvuyvrwawe"
    ),
    "g": (
        "aaabacadaeafagahaiajakalamanaoapaqarasatauawaxayazbabbbdbebfbgbhbibjbkblbmbnbobpbqbrbsbubvbwbxbybzcc"
        "cdcecfclcncrctdadbdcdddedfdgdhdidjdkdldmdndodqdrdsdtdudxeaebecedefegeheiejekeleqesevewexeyezfkftgagb"
        "gdgegggkglgtgugwhahchehhhkhlhnhohrhshtiaibicidieigihiiiliminipiqirisitiuiwixiyizjkjmjnjrjukakdkeknko"
        "kpkulalblcldlelglhljlklllolrlulvlwlymambmdmgmhmlmmmnmrmumvmxmymznanbncndnengnhninjnknlnmnnnonqnrntnu"
        "nwnzoaobocodoeofogohoiojokolomonooopoqorosotouovowoxoyozpapepnqaqiqnqrqurarbrcrdrgrhrirjrmrnrorqrrrs"
        "rtrurvrwrxryrzsesgslsmsnsospssswtatuuaubucudueufuguhuiujukulumunuoupuqurusutuuuwuxuzvavcvevfvjvlvmvn"
        "vovpvrvsvywawbwcwdwewfwgwiwjwmwnwrwtwuwwwxxxyaybydyeyfygyiylymynyoyryyyzzazizn"
    ),
    "h": (
        "aaabacadaeafagahaiajakalamanaoapaqarasatauavawaxayazbabbbnbobsbucachdndsdyeaebedegeheiemergmgwhihrhy"
        "iaibidifigihiiijikilinioiritiwixjikakekhkkknkslalbldleltlumambmcmdmemfmgmhmimjmkmlmmmnmompmqmrmsmtmu"
        "mvmwmymznandnengnhninjnnnonsnuoaobocodoeohoiojolomoooporosotovowoyozpopsrarcrerkrmrorprtrurvrwrxrzsb"
        "shslsnsstitotstutxubucudueufuguhuiujukulumunuoupuqurusutuuuvuwuxuyuzvcvevkvnvvwawcwoyayeyw"
    ),
    "i": (
        "aianarbabbbdbebgbhblbmbnbobrbubycachclcrdadbdcdddedidodrdsdtdufafbfefffkfmfufygbgeggglgmgngogsgwhbhi"
        "hphwiiinjcjejjjnjskekikkklkokpkrksktkukvkwkxkzlalblelglilklmlolplslulvmamimlmnmomrmsmtmynanbndngnhnj"
        "nlnmnnnonpnsntnzorouowpipkpoquqwrerhrirkrnrrrurxrysascsdsesgshsiskslsmsnsosrstsutatbtdtetitktltmtotr"
        "tstttvtwtxtytzumvbvvwkwmwowsxcxlyayoyxzhzrzz"
    ),
    "j": (
        "aaabacadaeafahajakalamanaoaqasatauavaxayazbebibjbkbmbnbobrbtbubwcsctdadgdtebeeeheiekelenereteugbgegk"
        "gohihsiaibicidieigihiiilimioiqitiuiviyjejrkakmkokpkrkskulelsmambmcmdmimlmnmrmsmwmxnandngninjnlnsobod"
        "ogorosowpapnprqrrarbrrrtrusluaubucuduhuiukulumunuoupurusutuuuwuyvdvnwiyayeyy"
    ),
    "k": (
        "aaabacadaeafagahaiajakalamanaoapaqasatauavawaxayazbabbbcbdbebgbhbibjbkblbmbnbobpbqbrbsbtbubvbwbxbybz"
        "cacbcccdcecfcgchcicjckclcmcncocpcqcrcsctcucvcwcxcyczdadcdddedfdgdhdidjdkdldmdndpdqdrdtdudwdxdydzeaeb"
        "ecedeeefegeheiejekelemeneoepeqereseteuevewexeyezfafbfcfdfefffgfhfifjfkflfmfnfofpfqfrfsftfufvfwfxfyfz"
        "gagbgegfgggigjgkglgmgngogpgqgrgsgtgugvgwgxgyhahbhchdhehfhghhhjhkhlhmhnhohphqhrhshthuhvhwhxhyhziaibic"
        "idieifigihiiijikiliminioipiqirisitiuiviwixiyizjajbjcjdjejgjhjijjjkjljmjnjojpjqjrjsjtjujvjxjyjzkakbkc"
        "kdkekfkgkhkikjkkklkmknkokpkqkrksktkukvkwkxkykzlalblcldlelflglhliljlklllmlnlolplqlrlsltlulvlwlxlylzma"
        "mbmcmdmemfmgmhmimjmkmlmmmnmompmqmrmsmtmumvmwmxmymznanbncndnenfngninjnknlnmnnnonpnqnrnsntnunvnwnxnynz"
        "oaocodoeofogohoiokolomonooopoqorosotouovowoyozpapbpcpdpepfpgphpipjpkplpmpnpopqprpsptpupvpwpxpypzqaqb"
        "qcqdqeqfqgqhqiqjqkqlqmqnqoqpqqqrqsqtquqvqwqxqyqzrarbrcrdrerfrhrirjrkrlrnrprrrsrtrurvrwrxryrzsasbscsd"
        "sesfsgshsisjskslsmsnsospsqsrssstsusvswsxsysztatbtctdtetftgthtitjtktltmtntotptqtstttutvtwtxtytzuaubuc"
        "udueufuguhuiujukulumunuoupuqurusutuuuvuwuxuyuzvavbvcvdvevfvgvhvivjvkvlvmvnvovpvqvrvtvuvvvwvxvyvzwawb"
        "wcwdwewfwgwhwiwjwkwlwmwnwowpwrwswtwuwvwwwxwywzxaxbxcxdxfxhxixjxkxmxnxoxpxqxrxsxtxvxwxxxyxzyaybycydye"
        "yfygyhyiyjykylymynyoypyqyrysytyuyvywyxyyyzzazbzczdzezfzgzizkzlzmznzozpzqzrzszuzvzwzxzyzz"
    ),
    "l": (
        "aaabacadaeafagahaiajalamanaoapaqarasatauavawaxayazbbbcbebfbgbibjbkblbmbnbobqbrbsbtbubvbwbxbybzcccdce"
        "cfchclcmcpcqcsdadbdddgdhdidjdkdldmdndodpdqeaebecedeeefeheiejekelemeneoepeqereseteuevewexeyezfafngagb"
        "ggghgigkglgmgngogqgrgtgugzhahhhihlhmhnhphshthuiaibicidieifigihijikiliminioipiqirisitiuiviwixiyizjaje"
        "jijljpjwjxkakbkckdkekhkikjklkmknkokrksktkukylalblcldlelflglhliljlklllmlnlplqlslulxmambmcmdmemfmgmhmi"
        "mjmkmlmnmompmqmrmumvmwmxmynanbndngnhninjnlnmnnnsnunwnzoaobocoeofogohoiojokolomonooopoqorosotouovowox"
        "oyozpapepnpopxqrrarcrergrirkrlrmrnrorrrtrvrzsasbscsdseshsislsmsnsospsrssstsvswsytctgthtitntotstutzua"
        "ubucudueufuguiujukulumunuoupuqurusutuuuvuwuyuzvavivkvsvuwawewgwhwlwmwowswtwuwwxmyaygynzhzlznzz"
    ),
    "m": (
        "aaabadaeafagahaiajakalamanaqarasatauavawaxazbabbbcbdbebfbhbibjbkblbmbnbobpbqbrbsbtbubvbwbxbybzcacbcc"
        "cdcecfcgchcicjckclcmcncocpcqcrcsctcucvcwcxcyczdadbdcdddedfdgdhdidjdkdldmdndpdqdrdsdtdudvdwdxdydzeaeb"
        "ecedeeefeheiejekelemeneoepeqereseteueveweyezfafbfcfdfefffgfhfifjfkflfmfnfofpfqfrfsftfufvfwfxfyfzgagb"
        "gcgdgegfggghgigjgkglgmgngogpgqgrgsgtgugvgwgygzhahbhchdhehfhghihjhkhlhmhnhohphqhrhshthuhwhxhyhziaibic"
        "idieifigihiiijikiliminioipiqiritiuiwixiyizjbjcjdjejgjhjijjjkjljmjnjojpjqjrjsjtjujvjwjxjyjzkakbkckdke"
        "kfkgkikjkkklkmknkokpkqkrksktkukvkwkxkykzlalblclelflglhliljlklllmlnlolplqlrlsltlulvlwlxlzmambmcmdmemf"
        "mgmhmimjmkmlmmmnmompmqmrmtmumvmwmxmymznanbncndnenfngnhninjnknlnmnnnpnqnrnsnunvnwnxnynzoaocodoeogohoi"
        "ojokomonooopoqorosotouovowoxoyozpapbpcpdpepgphpipjpkplpmpnpopppqprpsptpupvpwpxpypzqaqbqcqeqfqgqhqiqj"
        "qkqlqmqnqoqpqqqrqsqtquqvqwqxqyqzrarbrcrdrerfrgrhrirjrkrlrmrnrorprqrrrsrtrurvrwrxryrzsasbscsdsesfsgsh"
        "sisjskslsmsnsospsqsrsssusvswsxsysztatbtctdtetftgthtitjtktltmtntotptqtrtstttutvtwtxtyuaubucudueuguhui"
        "ujukumuoupuqurusutuuuvuxuyuzvavbvdvevfvgvhvivkvlvnvovpvqvrvsvtvuvvvwvxvyvzwawbwcwewfwgwhwiwkwlwmwnwo"
        "wpwqwrwswtwuwvwwwzxaxbxcxdxexfxgxhxixjxkxlxmxnxoxpxqxrxsxtxuxvxwxxxyxzyaybycyeyfygyhyjykylymyoypyrys"
        "yuyvywyxyyyzzazbzczdzezgzhzizjzkzlzmznzozpzqzrzsztzuzvzwzxzyzz"
    ),
    "n": (
        "aaabacaeafagajakalamanaoapaqarasatauavawaxayazbabbbcbdbebgbhbibjbkblbmbnbobpbqbrbsbtbubvbwbycacbcccd"
        "cecfcgchcicjckclcmcncocqcrcsctcucxczdadbdcdddedfdgdhdidjdkdldmdndodpdqdrdsdtdudvdwdxdydzeaebecedeeef"
        "egeheiejekemeneoepeqereseteuevewexeyezfafdflfrfugagbgcgdgeggghgigjgkglgmgngpgqgrgsgtgugvgwgxgygzhahb"
        "hchdhehfhghhhihkhmhnhohphqhrhthuhvhwhxhyhziaibidieifigihiiijikiliminioiqirisitiuiviwixiyizjajbjdjhji"
        "jjjljmjnjojrjsjtjujxjyjzkakbkckdkekfkgkhkikjkkkmknkokpkqkrksktkukvkwkxkzlalcldlelgliljlklllmlolqlulv"
        "lwlxlylzmambmcmdmemfmgmhmimjmkmlmmmnmompmqmrmsmtmumvmwmxmymznanbncndnenfngnhninjnknlnmnnnonpnqnrntnu"
        "nvnwnynzoaobocodoeofogohoiojokolomonopoqorosotouovowoyozpapbpgphpiplpnpopspupxpyqgqkqlqmqnqoqqqtqyra"
        "rbrcrerfrgrirkrlrmrnrprrrtrurxrzsasbscsdsesfsgshsiskslsmsnsospsqsrssstsusvswsxsysztdtetgtitjtktmtotp"
        "trtutwtxtytzuaucudueufuguhuiujukulumunuoupuqurusutuuuvuwuxuyuzvhvmvowawbwcwewgwiwmwowrwwwxwyxaxdxexg"
        "xixkxlxmxnxoxqxrxxyaybycydyeyfygyhyiyjykylymynyoypyqyrysytyuyvywyxyyzazbzdzizkzmzszuzyzz"
    ),
    "o": (
        "aaacaravbibkblbmbobrbtbucachcicmcocudadkdtdufofsfugbgcgegggoguhthuiaieinjbjcjgjijpjsjvjwkakbkckdkekg"
        "khkikjkkklkmknkokrkskukvkxkzlaldlelklmlolrltlumambmcmgmimkmlmnmompmrmtmumwmxmynanbnengninjnknnnonpnr"
        "nsntnunwnxodogonorospapkpmpoptpyrarcrergrhrirmrnrorrrsrtrurvrwrxryrzsascsisnsospssstsusxtatbtdtetitk"
        "tltmtntqtrtstttutwtxtytzuaubueuiumvdwiwlybydymyyzm"
    ),
    "p": (
        "abacadaeafagahaiakalamanaoapaqarasauavawaxayazbbbcbebfbgbhbiblbmbnbobpbrbsbtbubvbycacbcccdcecfcgchci"
        "cjckclcmcncpcwdadcdidndodtdueaebedeeefegeheiejekelemeoepeqesevexeyezfafeflgagdgggigkglgngsgugzhahdhg"
        "hhhjhkhlhmhnhohqhrhthuhvhwiaibicidieifigihijiliminioipirisitiuiviwixiyizjtkakbkckgkhknkokpkrksktkula"
        "lblcldlelglhliljlklllnlolqlrlsltlulvlwlylzmambmdmemfmhmimjmkmlmmmnmomqmrmsmtmwmxmymznanbncndnengnhni"
        "njnknlnmnnnonpnqnrnsntnunvnwnxnynzocoeofogohoiokolomonooopoqorosotovowoxoypepipkplpmpnpopppqpsptpuqa"
        "qmrcrdrerfrgrhrirkrlrmrnrorprqrrrsrtrurwrxrzsascsdsesgshsislsmsnsospsqsrssstsuswsytathtitntotptqtrtt"
        "tutvtwtyuaubucudueufuguiujumuoupuqurusutuuuwuxuywawbwgwiwmwnwowrwwxmyeymynysyuyxyyzhzn"
    ),
    "q": (
        "uaubucudueufuguhuiukulumunupuqurusuvuwuxuyuzvavcvevhvivjvlvmvnvovpvsvwvyvzwawcwhwmwswtxaxcxhxlxnxoxp"
        "xqxrxsxtxuxwyayp"
    ),
    "r": (
        "aaabacadafagahaiajakalamanaoapaqarasatauavawaxayazbbbkblbpcfdbeaebeeegeiejelemenereseteygagegkgngrgs"
        "guhghpiaibifiliminiritiujgjijskakbkhkikmktkwmambmcmdmemfmgmhmimkmlmmmnmompmqmsmtmumvmwmxmymznbndngnl"
        "nnnpnrnwobocodoeofogoholomonoooporouowpnptrirortsbskslsmsntcthtmtstwubucueufuguhuiukunuoupuqusutuuuy"
        "uzwawkwlwmwowrxdxwynysyuzh"
    ),
    "s": (
        "aaabacadaeafagahajakamanaoaqarasatauavawaxayazbabbbcbdbebfbgbhbibjbkblbmbnbobpbqbrbsbtbubvbwbxbybzcb"
        "cecfcgchcickclcncocpcqcsctcucvcwcxdadbdcdedfdgdhdjdkdldndodpdqdrdsdtdudxdzeaebecedeeefegeheiejekelen"
        "eoepeqereseteueveweyezfbfefmfsfwgagbgcgdgeggghgigjgkgmgpgrgsgtgugwgxgygzhahbhchdhehghhhihjhkhlhmhnho"
        "hphqhrhshthuhvhwhxhyhziaibidieifigihiiijikiliminipiqirisiuiviwixiyizjajbjdjejgjkjljmjnjojpjrjsjtjujw"
        "kakbkckdkekfkgkhkikjkmknkokpkqkrksktkukvkwkxkykzlcldlelflglhliljlklllmlnlplqlrlsltlulvlwlxlylzmambmc"
        "memfmgmhmjmkmlmmmnmompmqmrmsmtmumvmwmxmymznancndnenfngninjnknlnmnnnonpnqnrnsnunvnwnxnynzoaobocodoeog"
        "ohoiojokolomooopoqorosotouovowoxoyozpapbpcpdpepgpipkplpmpnpopppqprpsptpupvpxpyqaqhqiqkqmqnqoqqqrqsqt"
        "quqxrarbrcrdrerfrgrhrirkrlrmrnrorprqrrrsrtrurvrwrxryrzsbscsdsesfsgshsisjskslsmsnsospsqsrssstsusvswsx"
        "sysztatbtdtetftgthtitjtktltmtntotptqtrtstttutvtwtyuaubucueuguiujukunuouqurusutuvuwuxuyuzvavbvcvevkvm"
        "vsvxwawbwcwewfwgwhwiwjwkwlwmwnwowpwqwrwswtwuwvwwwxwyxbxcxexgxkxlxmxnxoxrxsxuxwyaybycyiykylymynyoyrys"
        "ywyxyyzazbzczdzezgzlznzpzszvzwzy"
    ),
    "t": (
        "aaabacadaeafagahajakalamanaoapaqarasatauavawaxayazbabcbdbebfbgbhbibjbkblbmbnbobpbrbsbtbubvbwbxbybzca"
        "cbcccdcecfcgchcickclcmcncocpcqcsctcucwcxcyczdadbdcdddedfdgdhdidjdkdldmdndodqdrdsdtdvdxdyeaebecedeeef"
        "egeheiekelemeneoepeqereseteuevewexeyezfifnfofrftgagbgcgdgegfghgigjgkglgngogpgqgrgsgtgugvgwgxgygzhahd"
        "hehfhhhihkhlhmhnhphqhrhshthuhvhyhziaicifigihiiijikiliminioipiqirisitiuiviwixiyizjajgjijjjljmjnjojpjs"
        "jujwkakbkdkekfkgklkmknkpkqkrksktkukvkwkxkzlalblcldlflglhliljlklllmlnlolplqlrlsltlulvlxlymambmcmdmemf"
        "mgmhmimjmkmlmmmnmomqmrmsmtmumvmwmymznanbncndngnhninknlnmnnnonpnqnrnsntnunvnwnxnynzobocodofogohoiojok"
        "olomonooopoqorosouovowoxoyozpapcpepfpgpipjpkplpmpnpopppqprptpupvpwpxpypzqbqlqmqnqoqpqqqrqtquqwrarbrc"
        "rdrerfrgrhrirjrlrmrnrorprqrrrsrtrurvrwrxryrzsasbscsdsesgshsisjskslsmsnsospsqsrssstsusvswsxsysztatbtc"
        "tdtetftgthtitjtktltmtntotptqtrtstttutvtwtytzuaubucudueufuguhuiujukulumunuouqurusuuuvuxuyuzvavdvevkvl"
        "vmvnvovsvtvuvwvxvywawbwcwdwewfwgwhwiwlwmwnwowpwqwrwtwuwwwxwyxaxbxcxexgxhxixjxmxnxoxqxrxsxtxuxxxyyaye"
        "yhyiyjylynypyrysytyuyvyxyyyzzazhzjzlzmznzozx"
    ),
    "u": (
        "amanarbabiblbrbubydadedgdidjdldmduesfigagbgeghgngogyhahnigisivjikakgkhkikkklkpkqkrkskukvkwkylalblcle"
        "lflilklllmlnlulwmambmcmdmgmimmmnmompmrmsmunanengninknmnnnrnunxnzonpipvrarbrcrdrerfrgrhrirkrlrmrnrorp"
        "rrrtrurvrwrxryrzsashsiskspsssutatethtptrtuumuruuvevhvlwayazbznzs"
    ),
    "v": (
        "aaaeafagahaiajalamanaoaparasauavaybbbkecedelemeneoepergrgticidieifigilinisitivkakjkkklkmknkokpktkukz"
        "lplsmambmcmdmemfmgmhmimjmkmlmmmpmqmrmsmumvmwmxmymznknmnpolorotrarorsrtsislsvtoumunutwa"
    ),
    "w": (
        "aaabacadaeafagahaiajalamanaoapaqarasatauavawaxayazbabbbebfbhbibjbkblbmbpbqbrbsbtbvbwcacidddgdjdkdtdu"
        "dyeaecedegeheiemeoepereseteuewfggagbgggigogugyhahghkhuibicieifigihiiijikiliminiriuiviyjajikakbkdklkr"
        "kukwkylalclelglhlilklllmlnlolrlslulvlwlxlymambmcmdmemgmhmimmmnmomsmtmwmxnbncndnengninknmnnnonpnunwny"
        "oaobocodoeofogoiokolomonooorosowoypcrbrgrhrirkrlrmrnrorprrrsrurvrwrxryrzsasgsisksrsssusvtfthtitktmtw"
        "uaubuduhulumunurutuuuvuxuywawbwowrwwxaxwybyiymynyryy"
    ),
    "x": (
        "aaabacadaeagaiajakalamanaoapaqarasatauavawaybbbcbdbebgbibjbmbnbobpbrbwbycbcccecgchclcmcncocrctcucvcw"
        "cydadcdkdmdodqdyebedegelemepereseteufagagbgdgfgggiglgmgrgugwhahchdhehmhohrhthuhvibiiilinirisiviyjbjt"
        "kakbkckdkekfkgkikjkkklknkokpkqkrksktkukvkwkxkykzlalblcldlelglilnlolplslulymambmcmdmemfmgmhmjmkmlmmmn"
        "mompmqmrmsmtmumvmwmxmymznanbngnhninjnknmnnnonqnrnsntnunynzocodogoiokomonoooporowpapbpcpdpepfpgphpipj"
        "pkplpmpnpopppqprpsptpupvpwpxpypzqaqtrarbrdrergrirmrnrrrtrurwsasbscsdseshsisjslsmsnsospsqsrsssusvsyta"
        "tbtctdtetgthtitjtltmtntotptqtrtstttutvtwtyuaubudugujulumunuoupurutuuvevivnvovswawcwdwewgwjwkwlwowrwt"
        "wwxbxkxmxrxtyaybyjykylytyyzhzmzp"
    ),
    "y": (
        "aaabacadaeafagahaiajakalamanaoapaqarasatauavawaxayazbabbbebhbibjbkblbmbnbobxbychclcncpdadddedgdkeaec"
        "eeeiejelereseteueveygagiglgmgpgrgsgugwhahdhlhsiaidifigihiiijikiliminipiqirisitiuivixizkakgkikkklkmkn"
        "kokrktkukylalblelglilllmlnlolrlulymbmcmdmemgmhmimkmlmmmnmompmqmrmsmxmznandnengnknlnnnonqnsnuobogoiok"
        "olomonorotoxoypapbpgphpmpnpopppzrarbrerkrlrmrnrorsrwryscsdsgslsmsnsospsrsssytatltptwtyuaubucudueufug"
        "uiujukulumunupuqurutuwuxuyuzvavtwawgwlwnwqwrwtwuwwxaxgxlxmxuxyyryuyzzgzk"
    ),
    "z": (
        "aaabacadaeafagahaiajakalamaoapaqarasatauavawaxayazbabcbeblbtbubwcacdchdjeaegehengagbghgmgngrhahbhdhi"
        "hnhohwiaibikiliminiwizkakbkdkgkhkkknkokpkrktkukvkzlaljlmlnlqmambmcmdmemfmgmhmimjmkmlmmmnmompmqmrmsmt"
        "mumvmwmxmymznanengnknsocohomoooqorospapbpcpdpepfpgphpipjpkplpmpnpopppqprpsptpupvpwpxpypzqerargrnrorp"
        "rssaskslsmsrsutetgtltmtntptqtstttutxtyuauhulumunuywaybygyjynypzazj"
    ),
}

_COLLECTIVE = {"ber", "bih", "eml", "myn", "nah"}

LANGUAGES = _COLLECTIVE | frozenset(
    first + tails[index : index + 2] for first, tails in _TAILS.items() for index in range(0, len(tails), 2)
)

# Two letters (ISO 639-1) -> three (ISO 639-3).
_TWO_LETTERS = (
    "aa=aar ab=abk ae=ave af=afr ak=aka am=amh an=arg ar=ara as=asm av=ava ay=aym az=aze ba=bak be=bel bg=bul "
    "bi=bis bm=bam bn=ben bo=bod br=bre bs=bos ca=cat ce=che ch=cha co=cos cr=cre cs=ces cu=chu cv=chv cy=cym "
    "da=dan de=deu dv=div dz=dzo ee=ewe el=ell en=eng eo=epo es=spa et=est eu=eus fa=fas ff=ful fi=fin fj=fij "
    "fo=fao fr=fra fy=fry ga=gle gd=gla gl=glg gn=grn gu=guj gv=glv ha=hau he=heb hi=hin ho=hmo hr=hrv ht=hat "
    "hu=hun hy=hye hz=her ia=ina id=ind ie=ile ig=ibo ii=iii ik=ipk io=ido is=isl it=ita iu=iku ja=jpn jv=jav "
    "ka=kat kg=kon ki=kik kj=kua kk=kaz kl=kal km=khm kn=kan ko=kor kr=kau ks=kas ku=kur kv=kom kw=cor ky=kir "
    "la=lat lb=ltz lg=lug li=lim ln=lin lo=lao lt=lit lu=lub lv=lav mg=mlg mh=mah mi=mri mk=mkd ml=mal mn=mon "
    "mr=mar ms=msa mt=mlt my=mya na=nau nb=nob nd=nde ne=nep ng=ndo nl=nld nn=nno no=nor nr=nbl nv=nav ny=nya "
    "oc=oci oj=oji om=orm or=ori os=oss pa=pan pi=pli pl=pol ps=pus pt=por qu=que rm=roh rn=run ro=ron ru=rus "
    "rw=kin sa=san sc=srd sd=snd se=sme sg=sag sh=hbs si=sin sk=slk sl=slv sm=smo sn=sna so=som sq=sqi sr=srp "
    "ss=ssw st=sot su=sun sv=swe sw=swa ta=tam te=tel tg=tgk th=tha ti=tir tk=tuk tl=tgl tn=tsn to=ton tr=tur "
    "ts=tso tt=tat tw=twi ty=tah ug=uig uk=ukr ur=urd uz=uzb ve=ven vi=vie vo=vol wa=wln wo=wol xh=xho yi=yid "
    "yo=yor za=zha zh=zho zu=zul "
)

# Bibliographic codes of ISO 639-2 and codes since retired -> the code in force.
_FORMER = (
    "alb=sqi arm=hye baq=eus bur=mya chi=zho cze=ces dut=nld fre=fra geo=kat ger=deu gre=ell ice=isl in=ind "
    "iw=heb ji=yid jw=jav kzj=dtp mac=mkd mao=mri may=msa mo=ron mol=ron per=fas rum=ron scc=srp scr=hrv "
    "slo=slk tib=bod wel=cym "
)

_SCRIPTS = (
    "Adlm Afak Aghb Ahom Arab Aran Armi Armn Avst Bali Bamu Bass Batk Beng Bhks Blis Bopo Brah Brai Bugi Buhd "
    "Cakm Cans Cari Cham Cher Cirt Copt Cprt Cyrl Cyrs Deva Dsrt Dupl Egyd Egyh Egyp Elba Ethi Geok Geor Glag "
    "Goth Gran Grek Gujr Guru Hanb Hang Hani Hano Hans Hant Hatr Hebr Hira Hluw Hmng Hrkt Hung Inds Ital Jamo "
    "Java Jpan Jurc Kali Kana Khar Khmr Khoj Kitl Kits Knda Kore Kpel Kthi Lana Laoo Latf Latg Latn Leke Lepc "
    "Limb Lina Linb Lisu Loma Lyci Lydi Mahj Mand Mani Marc Maya Mend Merc Mero Mlym Modi Mong Moon Mroo Mtei "
    "Mult Mymr Narb Nbat Newa Nkgb Nkoo Nshu Ogam Olck Orkh Orya Osge Osma Palm Pauc Perm Phag Phli Phlp Phlv "
    "Phnx Piqd Plrd Prti Qaaa Qabx Rjng Roro Runr Samr Sara Sarb Saur Sgnw Shaw Shrd Sidd Sind Sinh Sora Sund "
    "Sylo Syrc Syre Syrj Syrn Tagb Takr Tale Talu Taml Tang Tavt Telu Teng Tfng Tglg Thaa Thai Tibt Tirh Ugar "
    "Vaii Visp Wara Wole Xpeo Xsux Yiii Zinh Zmth Zsye Zsym Zxxx Zyyy Zzzz "
)


TWO_LETTERS = dict(pair.split("=") for pair in _TWO_LETTERS.split())
FORMER = dict(pair.split("=") for pair in _FORMER.split())
SCRIPTS = frozenset(_SCRIPTS.split())
