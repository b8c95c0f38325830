package ranger

import "strings"

// locationPrefix begins the attributes that a provider of locations sets.
const locationPrefix = "LOCATION_"

// className is the name of a Java class without its package.
func className(class string) string { return class[strings.LastIndex(class, ".")+1:] }

// sets tells whether the enricher would set an attribute of the context of a
// request from a client. Locations are those of its address, if it has one.
func (c ContextEnricher) sets(attribute, clientIP string) bool {
	switch class := className(c.Class); class {
	case "RangerTagEnricher", "RangerUserStoreEnricher", "RangerGdsEnricher":
		return false
	case "RangerFileBasedGeolocationProvider":
		located := strings.TrimSpace(clientIP) != ""
		return located && strings.HasPrefix(attribute, locationPrefix+c.Options["geolocation.meta.prefix"])
	default:
		name := c.Options["contextName"]
		return name == "" || name == attribute
	}
}

// enrichedBy tells why an attribute that is not in the context may have a value
// in Ranger, "" if it has none there either.
func (e *Engine) enrichedBy(attribute, clientIP string) string {
	for _, enricher := range e.service.Enrichers {
		if enricher.sets(attribute, clientIP) {
			return "the attribute " + attribute + " is set by " + enricher.Class
		}
	}
	return ""
}

// TagsFile names the file from which Ranger would read the tags of resources,
// "" if the file of policies names none. [File.ReadTags] takes its text.
func (f *File) TagsFile() string {
	services := []*ServiceDef{f.ServiceDef}
	for _, given := range []*TagPolicies{f.TagInfo, f.TagPolicies} {
		if given != nil {
			services = append(services, given.ServiceDef)
		}
	}
	for _, service := range services {
		if service == nil {
			continue
		}
		for _, enricher := range service.Enrichers {
			if className(enricher.Class) == "RangerTagEnricher" && strings.Contains(enricher.Options["tagRetrieverClassName"], "FileBased") {
				return enricher.Options["serviceTagsFileName"]
			}
		}
	}
	return ""
}
