# The same question as decide answers, over the same facts.
package consent

import rego.v1

default allow := false

allow if {
	input.facts.state == "active"
	input.at >= input.facts.valid_from
	input.at < input.facts.valid_until
	not prohibited
	some line in input.facts.lines
	input.asked.use in line.uses
	input.asked.modality in line.modalities
	input.asked.purpose in line.purposes
	line.content_max == "general"
	in_territory(line)
	in_languages(line)
	in_models(line)
	commercially(line)
}

prohibited if {
	some prohibition in input.facts.prohibitions
	input.asked.use in prohibition.uses
}

prohibited if {
	some prohibition in input.facts.prohibitions
	input.asked.purpose in prohibition.purposes
}

in_territory(line) if "WORLD" in line.territory

in_territory(line) if input.asked.territory in line.territory

in_languages(line) if "*" in line.languages

in_languages(line) if input.asked.language in line.languages

in_models(line) if "*" in line.base_models

in_models(line) if input.asked.base_model in line.base_models

commercially(line) if line.commercial

commercially(line) if not input.asked.commercial
