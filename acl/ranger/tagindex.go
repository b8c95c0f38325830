package ranger

import (
	"slices"
	"strconv"
)

// TaggedResources are the tags of resources, as a tag service keeps them.
type TaggedResources struct {
	Tags          map[string]Tag             `json:"tags"`
	Resources     Entries[TaggedResource]    `json:"serviceResources"`
	ResourceToTag map[string]Entries[Number] `json:"resourceToTagIds"`
}

// TaggedResource is a resource that tags are put on.
type TaggedResource struct {
	ID       Text                      `json:"id"`
	Elements map[string]PolicyResource `json:"resourceElements"`
}

// tagIndex finds the tags of a resource.
type tagIndex struct {
	entries []tagEntry
}

type tagEntry struct {
	matcher *resourceMatcher
	tags    []Tag
}

func newTagIndex(tagged *TaggedResources, defined *definition) *tagIndex {
	made := new(tagIndex)
	for _, resource := range tagged.Resources {
		entry := tagEntry{matcher: newResourceMatcher(defined, resource.Elements)}
		for _, id := range tagged.ResourceToTag[string(resource.ID)] {
			if tag, ok := tagged.Tags[strconv.FormatInt(int64(id), 10)]; ok {
				entry.tags = append(entry.tags, tag)
			}
		}
		if len(entry.tags) > 0 {
			made.entries = append(made.entries, entry)
		}
	}
	return made
}

// tagsOf gives the tags of the resource, and of what lies above or, where that
// counts, below it.
func (t *tagIndex) tagsOf(q *query) []Tag {
	var found []Tag
	everything := q.any && len(q.Resource.Elements) == 0
	for _, entry := range t.entries {
		match := MatchDescendant
		if !everything {
			match = entry.matcher.match(q.Resource, q.ElementScopes, q)
		}
		if match == MatchNone || match == MatchDescendant && !q.broad() {
			continue
		}
		for _, tag := range entry.tags {
			tag.Match = match
			found = append(found, tag)
		}
	}
	return slices.Clip(found)
}
