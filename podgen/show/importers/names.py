"""What a speaker's name suggests of a voice: titles and kinship, and given names that are common.

A guess, for a first cast; whoever knows better says so.
"""

from __future__ import annotations

import re

_WOMEN = """
mrs ms miss lady queen princess duchess countess baroness madam madame mademoiselle frau fräulein
signora signorina señora señorita senhora dona doña sister mother mom mum mama mamma mutter mère
madre aunt tante tía zia grandmother granny oma nonna abuela daughter wife widow girl woman
hostess nurse witch goddess actress waitress nun bride heroine her she female ada adele agatha
agnes alice alicia amanda amelia amy ana andrea angela anita ann anna anne antonia astrid audrey
ava barbara beatrice beatriz bella bertha bianca bridget camila carla carmen carol caroline
catherine cecilia cecily celia charlotte chiara christina claire clara claudia concha constance
cordelia daisy daniela deborah desdemona diana dolores donna dora doris dorothy edith elaine elena
eleanor elena elisa elizabeth ella ellen elsa emily emilia emma erika esther eva eve evelyn fatima
federica felicia fiona flora florence frances francesca frieda gabriela georgia gertrude gina
giulia gloria grace greta gwendolen gwendolyn hannah harriet heather heidi helen helena helga
henrietta hermia hermione ida imogen ines ingrid irene iris isabel isabella jane janet jasmine
jean jennifer jessica jill joan joanna johanna josephine joy juana judith julia juliet juliette
karen karin kate katharina katherine kathleen kay laetitia laila lara laura lea leila lena leonor
lillian lily linda lisa lola lorena louise lucia lucy luisa luna lydia mabel maeve maggie manon
margaret margarita marguerite maria mariana marie marina marion marlene marta martha martina mary
matilda maya megan mei mercedes mia michelle miranda molly monica nadia nancy naomi natalia
natalie nina nora olga olivia ophelia pamela paola patricia paula pauline penelope petra phoebe
pilar polly portia priya rachel rebecca regina renata rita roberta rosa rosalind rose rosemary
ruth sabine sally samantha sandra sara sarah sharon silvia simone sofia sonia sophia sophie stella
stephanie susan susanna suzanne svetlana sylvia tamara tania teresa thea theresa tina titania
ursula valentina valeria vera veronica victoria viola violet virginia vivian wendy wilma wren
yasmin yolanda yvonne zoe zoey
"""
_MEN = """
mr sir lord king prince duke count baron herr signor señor senhor don brother father dad papa
vater père padre uncle onkel tío zio grandfather grandpa opa nonno abuelo son husband boy man host
wizard god actor waiter monk priest reverend rev friar bridegroom captain colonel general major
sergeant butler him he male adam adrian alan albert alberto alejandro alessandro alex alexander
alfonso alfred algernon ali allan andreas andrew angus anselm anthony antoine antonio arjun arnold
arthur august austin banquo barry bartholomew basil ben benedick benjamin bernard bernardo bernd
bert bill bob boris brian bruce bruno bruno caesar carl carlo carlos cassio charles chris christian
christopher claude claudius clemens colin conrad cyril daniel dave david dennis derek diego dieter
dietrich dimitri dirk dominic donald douglas duncan earl eddie edgar edmund edward edwin egon emil
enrique enzo eric erich ernest ernst ernesto eugene fabian felix ferdinand fernando filippo floyd
francesco francis francisco frank franz fred frederic frederick friedrich fritz gabriel gary
george georg gerald gerard gerhard giacomo gilbert giorgio giovanni giuseppe glen gordon graham
gregor gregory guido gustav guy hal hamlet hans hank harald harold harry hector heinrich heinz
helmut henri henry herbert herman hermann horatio horst howard hugh hugo iago ian ignacio igor
ivan jack jacob jacques jaime james jan jason javier jeff jens jeremy jerome jerry jesus jim
joachim joaquin joe joel johann johannes john johnny jonas jonathan jorge josé jose josef joseph
joshua juan julian julius jürgen karl keith ken kenneth kent kevin klaus konrad kurt laertes lane
larry lars laurence laurent lawrence lear leo leon leonard leopold lewis liam lionel lorenzo louis
luca lucas ludwig luigi luis luke macbeth macduff malcolm manfred manuel marc marcel marco marcus
mario mark markus martin marvin matteo matthew matthias maurice max maximilian mercutio merriman
michael michel miguel mike milo mohammed moritz nathan neil nicholas nicolas nigel nils noah
norbert norman oberon oliver olivier omar orlando orsino oscar oswald othello otto pablo paolo
patrick paul pedro percy peter phil philip philippe pierre pietro polonius prospero puck quentin
rafael raj ralph ramon raoul raphael ray raymond reinhard rené ricardo richard rick robert roberto
robin rodrigo roger roland rolf romeo ronald rosencrantz roy rudolf rupert russell ryan salvatore
sam samir samuel sancho santiago sebastian sergio shylock sidney siegfried simon stanley stefan
stephen steve steven stuart sven ted tejo theo theodor theodore thomas tim timothy tobias toby
todd tom tony tybalt ulrich umberto uwe vernon vicente victor viktor vincent vincenzo vladimir
walter warren wayne werner wilfred wilhelm william willy winston wolfgang xavier yorick yusuf
"""
WOMEN, MEN = frozenset(_WOMEN.split()), frozenset(_MEN.split())


def suggested(name: str) -> str:
    """`f`, `m`, or "" where a name suggests neither: its first word that suggests anything."""
    for word in re.findall(r"[^\W\d_]+", name.casefold()):
        if word in WOMEN and word not in MEN:
            return "f"
        if word in MEN and word not in WOMEN:
            return "m"
    return ""
