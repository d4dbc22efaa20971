"""Polish words of the synthetic corpus."""

from __future__ import annotations


# key gender nom gen dat acc ins [nom gen dat ins]; the stem ends at the dot
LIVING = """
    Anna         f   Ann.a y ie ę ą
    Maria        f   Mari.a i i ę ą
    Zofia        f   Zofi.a i i ę ą
    Fatima       f   Fatim.a y ie ę ą
    Marta        f   Mar.ta ty cie tę tą
    Oksana       f   Oksan.a y ie ę ą
    Nadia        f   Nadi.a i i ę ą
    Amina        f   Amin.a y ie ę ą
    Ahmed        mp  Ahmed. a owi a em
    Adam         mp  Adam. a owi a em
    Karim        mp  Karim. a owi a em
    Viktor       mp  Wiktor. a owi a em
    Tomasz       mp  Tomasz. a owi a em
    Arjun        mp  Arjun. a owi a em
    Yusuf        mp  Jusuf. a owi a em
    Taras        mp  Taras. a owi a em
    boy          mp  chłop.iec ca cu ca cem  cy ców com cami
    girl         f   dziewczyn.a y ie ę ą  y - om ami
    man          mp  mężczy.zna zny źnie znę zną  źni zn znom znami
    woman        f   kobie.ta ty cie tę tą  ty t tom tami
    child        n   dzie.cko cka cku cko ckiem  ci ci ciom ćmi
    farmer       mp  rolni.k ka kowi ka kiem  cy ków kom kami
    student      mp  studen.t ta towi ta tem  ci tów tom tami
    friend       mp  przyjaci.el ela elowi ela elem  ele ół ołom ółmi
    neighbour    mp  sąsi.ad ada adowi ada adem  edzi adów adom adami
    guest        mp  goś.ć cia ciowi cia ciem  cie ci ciom ćmi
    writer       mp  pisarz. a owi a em  e y om ami
    teacher      mp  nauczyciel. a owi a em
    doctor       mp  lekarz. a owi a em
    brother      mp  bra.t ta tu ta tem  cia ci ciom ćmi
    sister       f   si.ostra ostry ostrze ostrę ostrą  ostry óstr ostrom ostrami
    mother       f   mat.ka ki ce kę ką
    father       mp  oj.ciec ca cu ca cem
    grandmother  f   babci.a - - ę ą
    dog          ma  p.ies sa su sa sem  sy sów som sami
    cat          ma  kot. a u a em  y ów om ami
    horse        ma  ko.ń nia niowi nia niem  nie ni niom ńmi
    cow          f   kr.owa owy owie owę ową  owy ów owom owami
    bird         ma  ptak. a owi a iem  i ów om ami
    goat         f   k.oza ozy ozie ozę ozą  ozy óz ozom ozami
"""
# key gender nom gen acc [nom gen]
THINGS = """
    book         f   książ.ka ki kę  ki ek
    letter       mi  list. u -  y ów
    newspaper    f   gaze.ta ty tę  ty t
    story        n   opowiada.nie nia nie  nia ń
    poem         mi  wiersz. a -  e y
    picture      n   zdję.cie cia cie  cia ć
    key          mi  klucz. a -  e y
    table        mi  st.ół ołu ół  oły ołów
    chair        n   krzes.ło ła ło  ła eł
    bag          f   tor.ba by bę  by eb
    shirt        f   koszul.a i ę  e -
    box          n   pudeł.ko ka ko  ka ek
    flower       mi  kwia.t tu t  ty tów
    plate        mi  talerz. a -  e y
    cup          mi  kub.ek ka ek  ki ków
    bicycle      mi  rower. u -  y ów
    car          mi  samoch.ód odu ód  ody odów
    clock        mi  zegar. a -  y ów
    ball         f   pił.ka ki kę  ki ek
    knife        mi  n.óż oża óż  oże oży
    door         pl  drzwi. - -
    window       n   ok.no na no  na ien
    house        mi  dom. u -  y ów
    bridge       mi  mos.t tu t  ty tów
    room         mi  pok.ój oju ój  oje oi
    apple        n   jabł.ko ka ko  ka ek
    orange       f   pomarańcz.a y ę  e y
    pear         f   grusz.ka ki kę  ki ek
    egg          n   jaj.ko ka ko  ka ek
    bread        mi  chleb. a -
    rice         mi  ryż. u -
    soup         f   zup.a y ę
    fish         f   ryb.a y ę
    cheese       mi  ser. a -
    meat         n   mięs.o a o
    water        f   wod.a y ę
    milk         n   mlek.o a o
    tea          f   herbat.a y ę
    coffee       f   kaw.a y ę
    juice        mi  sok. u -
    film         mi  film. u -  y ów
    song         f   piosen.ka ki kę  ki ek
    music        f   muzy.ka ki kę
"""
# key gender gen acc loc at to
PLACES = """
    market       mi  targ.u - u  na na
    school       f   szko.ły łę le  w do
    hospital     mi  szpital.a - u  w do
    garden       mi  ogr.odu ód odzie  w do
    park         mi  park.u - u  w do
    library      f   bibliote.ki kę ce  w do
    office       n   biur.a o ze  w do
    shop         mi  sklep.u - ie  w do
    restaurant   f   restauracj.i ę i  w do
    station      mi  dwo.rca rzec rcu  na na
    university   mi  uniwersyte.tu t cie  na na
    field        n   pol.a e u  na na
    forest       mi  l.asu as esie  w do
    city         n   mi.asta asto eście  w do
    village      f   w.si ieś si  w do
    kitchen      f   kuchn.i ię i  w do
    room         mi  pok.oju ój oju  w do
    house        mi  dom.u - u  w do
    river        f   rze.ki kę ce  w do
    table        mi  st.ołu ół ole  na na
    box          n   pudeł.ka ko ku  w do
    bag          f   tor.by bę bie  w do
"""
# key | habitual [, progressive] | imperfective past | past | future or + | infinitive | [preposition] case
VERBS = """
    sleep     | śpi śpią                 | spał | spał | + | spać |
    work      | pracuje pracują          | pracował | pracował | + | pracować |
    rest      | odpoczywa odpoczywają    | odpoczywał | odpoczywał | + | odpoczywać |
    sing      | śpiewa śpiewają          | śpiewał | śpiewał | + | śpiewać |
    dance     | tańczy tańczą            | tańczył | tańczył | + | tańczyć |
    laugh     | śmieje_się śmieją_się    | śmiał_się | śmiał_się | + | śmiać_się |
    cry       | płacze płaczą            | płakał | płakał | + | płakać |
    play      | bawi_się bawią_się       | bawił_się | bawił_się | + | bawić_się |
    run       | biega biegają            | biegał | biegał | + | biegać |
    swim      | pływa pływają            | pływał | pływał | + | pływać |
    go        | chodzi chodzą, idzie idą | szedł/szła/szli | poszedł/poszła/poszli | pójdzie pójdą | pójść |
    come      | przychodzi przychodzą    |  | przyszedł/przyszła/przyszli | przyjdzie przyjdą | przyjść |
    return    | wraca wracają            | wracał | wrócił | wróci wrócą | wrócić |
    read      | czyta czytają            | czytał | przeczytał | przeczyta przeczytają | przeczytać |
    write     | pisze piszą              | pisał | napisał | napisze napiszą | napisać |
    buy       | kupuje kupują            | kupował | kupił | kupi kupią | kupić |
    sell      | sprzedaje sprzedają      | sprzedawał | sprzedał | sprzeda sprzedadzą | sprzedać |
    see       | widzi widzą              |  | widział//widzieli | zobaczy zobaczą | zobaczyć |
    find      |                          |  | znalazł//znaleźli | znajdzie znajdą | znaleźć |
    eat       | je jedzą                 | jadł//jedli | zjadł//zjedli | zje zjedzą | zjeść |
    drink     | pije piją                | pił | wypił | wypije wypiją | wypić |
    cook      | gotuje gotują            | gotował | ugotował | ugotuje ugotują | ugotować |
    wash      | myje myją                | mył | umył | umyje umyją | umyć |
    open      | otwiera otwierają        | otwierał | otworzył | otworzy otworzą | otworzyć |
    close     | zamyka zamykają          | zamykał | zamknął/zamknęła/zamknęli | zamknie zamkną | zamknąć |
    clean     | sprząta sprzątają        | sprzątał | posprzątał | posprząta posprzątają | posprzątać |
    bring     | przynosi przynoszą       |  | przyniósł/przyniosła/przynieśli | przyniesie przyniosą | przynieść |
    repair    | naprawia naprawiają      | naprawiał | naprawił | naprawi naprawią | naprawić |
    build     | buduje budują            | budował | zbudował | zbuduje zbudują | zbudować |
    watch     | ogląda oglądają          | oglądał | obejrzał//obejrzeli | obejrzy obejrzą | obejrzeć |
    listen    | słucha słuchają          | słuchał | słuchał | + | słuchać | gen
    meet      | spotyka spotykają        | spotykał | spotkał | spotka spotkają | spotkać |
    help      | pomaga pomagają          | pomagał | pomógł/pomogła/pomogli | pomoże pomogą | pomóc | dat
    wait      | czeka czekają            | czekał | czekał | + | czekać | na acc
    look      | szuka szukają            | szukał | szukał | + | szukać | gen
    invite    | zaprasza zapraszają      |  | zaprosił | zaprosi zaproszą | zaprosić |
    thank     |                          |  | podziękował | podziękuje podziękują | podziękować | dat
    feed      | karmi karmią             | karmił | nakarmił | nakarmi nakarmią | nakarmić |
    give      | daje dają                |  | dał | da dadzą | dać |
    send      | wysyła wysyłają          |  | wysłał | wyśle wyślą | wysłać |
    show      | pokazuje pokazują        |  | pokazał | pokaże pokażą | pokazać |
    love      | kocha kochają            |  |  |  |  |
    know      | zna znają                |  |  |  |  |
    like      | lubi lubią               |  |  |  |  |
    have      | ma mają                  |  |  |  |  |
    know_that | wie wiedzą               |  |  |  |  |
    think     | myśli myślą              |  |  |  |  |
    say       |                          |  | powiedział//powiedzieli |  |  |
"""
ADJECTIVES = """
    big duży/duzi            small mały/mali          new nowy/nowi             old stary/starzy
    old_thing stary/starzy   young młody/młodzi       tall wysoki/wysocy        poor biedny/biedni
    rich bogaty/bogaci       famous sławny/sławni     kind dobry/dobrzy         clever mądry/mądrzy
    beautiful piękny/piękni  red czerwony             white biały               black czarny
    green zielony            blue niebieski           yellow żółty              expensive drogi
    cheap tani               heavy ciężki             clean czysty              dirty brudny
    fresh świeży             tasty smaczny            sweet słodki              cold zimny
    hot gorący               interesting ciekawy      long długi                short krótki
    tired zmęczony/zmęczeni  hungry głodny/głodni     ill chory/chorzy          busy zajęty/zajęci
    happy szczęśliwy/szczęśliwi
"""
# 2-4 neuter and masculine, feminine; of men; of children
NUMERALS = {
    2: "dwa dwie dwóch dwoje",
    3: "trzy trzy trzech troje",
    4: "cztery cztery czterech czworo",
    5: "pięć pięć pięciu pięcioro",
    6: "sześć sześć sześciu sześcioro",
    7: "siedem siedem siedmiu siedmioro",
    10: "dziesięć dziesięć dziesięciu dziesięcioro",
}
TIMES = {
    "yesterday": "wczoraj",
    "today": "dzisiaj",
    "tomorrow": "jutro",
    "now": "teraz",
    "every_day": "codziennie:+which",
    "often": "często",
    "always": "zawsze",
    "in_the_morning": "rano",
    "in_the_evening": "wieczorem",
    "at_night": "w:case_nocy",
    "last_week": "w:-_zeszłym:which_tygodniu",
    "next_week": "w:-_przyszłym:which_tygodniu",
    "on_sunday": "w:case_niedzielę",
    "on_monday": "w:case_poniedziałek",
    "on_friday": "w:case_piątek",
}
