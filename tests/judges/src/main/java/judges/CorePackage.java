package judges;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.FhirVersionEnum;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.parser.IParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.hl7.fhir.instance.model.api.IBaseResource;

/**
 * FHIR's own types as the package {@code hl7.fhir.rN.core} in the cache under
 * user.home: where HL7's code looks up the context of an Extension definition, and which it would
 * otherwise fetch from a server. They are written once, from the jar that the judge reads anyway.
 */
final class CorePackage {

    static void write(FhirContext fhir) throws IOException {
        FhirVersionEnum version = fhir.getVersion().getVersion();
        String name = "hl7.fhir." + version.name().toLowerCase() + ".core";
        String number = version.getFhirVersionString();
        Path cache = Path.of(System.getProperty("user.home"), ".fhir", "packages");
        Path whole = cache.resolve(name + "#" + number);
        if (Files.exists(whole)) {
            return;
        }
        Path folder = Files.createDirectories(cache.resolve("unfinished-" + name + "/package"));
        IParser json = fhir.newJsonParser();
        for (IBaseResource one : new DefaultProfileValidationSupport(fhir).fetchAllStructureDefinitions()) {
            if ("constraint".equals(fhir.newTerser().getSinglePrimitiveValueOrNull(one, "derivation"))) {
                continue; // a profile or an extension: no context of another extension
            }
            String file = "StructureDefinition-" + one.getIdElement().getIdPart() + ".json";
            Files.writeString(folder.resolve(file), json.encodeResourceToString(one));
        }
        Files.writeString(folder.resolve("package.json"), String.format(
                "{\"name\":\"%s\",\"version\":\"%s\",\"fhirVersions\":[\"%2$s\"],\"type\":\"fhir.core\","
                        + "\"canonical\":\"http://hl7.org/fhir\",\"url\":\"http://hl7.org/fhir\",\"dependencies\":{}}",
                name, number));
        Files.writeString(cache.resolve("packages.ini"), "[cache]\nversion=3\n");
        Files.move(folder.getParent(), whole);
    }

    private CorePackage() {}
}
