package judges;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.FhirVersionEnum;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.SingleValidationMessage;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.UnknownCodeSystemWarningValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.r5.utils.validation.constants.BestPracticeWarningLevel;
import org.hl7.fhir.utilities.http.ManagedWebAccess;

/**
 * HL7's validator, offline: {@code Validate VERSION DEFINITIONS}, resources as NDJSON on standard input.
 *
 * <p>VERSION is R4 or R5; DEFINITIONS a folder of what the project itself defines (profiles, value
 * sets ...), known to the judge and not judged. One JSON line leaves for each message: the number
 * of the resource's line (from 0), severity, place, the validator's own id and the text. Exit code
 * 0 says that each line was judged, whatever the verdict.
 */
public final class Validate {

    private static final Set<String> DEFINING =
            Set.of("StructureDefinition", "ValueSet", "CodeSystem", "SearchParameter", "ConceptMap", "NamingSystem");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final PrintStream OUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);

    private final FhirValidator validator;

    public static void main(String[] args) throws Exception {
        ManagedWebAccess.setAccessPolicy(ManagedWebAccess.WebAccessPolicy.PROHIBITED);
        FhirContext fhir = FhirContext.forCached(FhirVersionEnum.valueOf(args[0]));
        CorePackage.write(fhir);
        Validate judge = new Validate(fhir, definitions(fhir, Path.of(args[1])));
        judge.all(new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)));
        OUT.flush();
        System.exit(0);
    }

    private Validate(FhirContext fhir, PrePopulatedValidationSupport own) {
        UnknownCodeSystemWarningValidationSupport unknown = new UnknownCodeSystemWarningValidationSupport(fhir);
        unknown.setNonExistentCodeSystemSeverity(IValidationSupport.IssueSeverity.WARNING);
        FhirInstanceValidator module = new FhirInstanceValidator(new ValidationSupportChain(
                own, // first: the project's own definition wins over a built-in one
                new DefaultProfileValidationSupport(fhir),
                new CommonCodeSystemsTerminologyService(fhir),
                new InMemoryTerminologyServerValidationSupport(fhir),
                new SnapshotGeneratingValidationSupport(fhir),
                unknown));
        module.setErrorForUnknownProfiles(true);
        module.setBestPracticeWarningLevel(BestPracticeWarningLevel.Warning);
        validator = fhir.newValidator().registerValidatorModule(module);
    }

    private static PrePopulatedValidationSupport definitions(FhirContext fhir, Path folder) throws IOException {
        PrePopulatedValidationSupport own = new PrePopulatedValidationSupport(fhir);
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".json")).sorted().toList()) {
                String text = Files.readString(file);
                JsonNode defined = JSON.readTree(text);
                // A CodeSystem without its codes can vouch for none, but would call each one wrong.
                boolean codesMissing = defined.path("content").asText().equals("not-present");
                if (DEFINING.contains(defined.path("resourceType").asText()) && !codesMissing) {
                    own.addResource(fhir.newJsonParser().parseResource(text));
                }
            }
        }
        return own;
    }

    /** Every line, as many at a time as there are cores; messages leave in no order. */
    private void all(BufferedReader lines) throws IOException, InterruptedException, ExecutionException {
        int cores = Runtime.getRuntime().availableProcessors();
        ExecutorService workers = Executors.newFixedThreadPool(cores);
        Semaphore room = new Semaphore(cores * 4); // all bodies together are larger than the memory
        List<Future<?>> judged = new ArrayList<>();
        String line;
        for (int number = 0; (line = lines.readLine()) != null; number++) {
            int here = number;
            String text = line;
            room.acquire();
            judged.add(workers.submit(() -> {
                try {
                    one(here, text);
                } finally {
                    room.release();
                }
            }));
        }
        try {
            for (Future<?> one : judged) {
                one.get(); // a judge that fails has judged nothing
            }
        } finally {
            workers.shutdown(); // or the program would wait for more work for ever
        }
    }

    private void one(int number, String text) {
        for (SingleValidationMessage said : validator.validateWithResult(text).getMessages()) {
            ObjectNode line = JSON.createObjectNode();
            line.put("line", number).put("severity", said.getSeverity().getCode());
            line.put("where", said.getLocationString()).put("id", said.getMessageId());
            line.put("text", said.getMessage());
            synchronized (OUT) {
                OUT.println(line);
            }
        }
    }
}
