"""From evidence to a verdict. Thresholds were chosen on the tuning set of benchmarks/proof, which
shares no text and no voice with the set that the figures in docs/figures.md were measured on."""

from __future__ import annotations

from podgen.proof.company import Company
from podgen.proof.ear import Evidence, Said
from podgen.proof.judge_sound import pace_findings, sound_findings
from podgen.proof.judge_voice import voice_findings
from podgen.proof.judge_words import word_findings
from podgen.proof.verdict import Verdict


def judge(evidence: Evidence, said: Said, company: Company | None = None) -> Verdict:
    """What evidence comes to, by itself and beside the other takes of its show."""
    company = company or Company()
    findings = [
        *word_findings(evidence, said),
        *sound_findings(evidence, said),
        *pace_findings(evidence, said, company),
        *voice_findings(evidence, company),
    ]
    findings.sort(key=lambda one: (one.start, one.end, one.kind))
    return Verdict(tuple(findings), " ".join(word.text for word in evidence.words or ()))
