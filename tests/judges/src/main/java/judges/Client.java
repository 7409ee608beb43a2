package judges;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.parser.IParser;
import ca.uhn.fhir.parser.StrictErrorHandler;
import ca.uhn.fhir.rest.api.MethodOutcome;
import ca.uhn.fhir.rest.api.SearchStyleEnum;
import ca.uhn.fhir.rest.api.SummaryEnum;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.gclient.ICriterion;
import ca.uhn.fhir.rest.gclient.TokenClientParam;
import ca.uhn.fhir.rest.server.exceptions.BaseServerResponseException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.IntNode;
import java.io.IOException;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.Bundle.BundleType;
import org.hl7.fhir.r4.model.Bundle.HTTPVerb;
import org.hl7.fhir.r4.model.CarePlan;
import org.hl7.fhir.r4.model.CapabilityStatement;
import org.hl7.fhir.r4.model.Enumerations.AdministrativeGender;
import org.hl7.fhir.r4.model.IdType;
import org.hl7.fhir.r4.model.Observation;
import org.hl7.fhir.r4.model.Parameters;
import org.hl7.fhir.r4.model.Patient;

/**
 * HAPI's client plays the story of {@code tests/contract/clients}: {@code Client BASE}, the story as
 * JSON on standard input, one line {@code [step, said]} a step on standard output. As it is usual,
 * the client reads /metadata before its first request; its strict parser judges every answer.
 */
public final class Client {

    private static final FhirContext FHIR = FhirContext.forR4();
    private static final ObjectMapper JSON = new ObjectMapper();

    private final IGenericClient client;
    private final JsonNode given;

    public static void main(String[] args) throws IOException {
        FHIR.setParserErrorHandler(new StrictErrorHandler());
        FHIR.getRestfulClientFactory().setSocketTimeout(60_000);
        new Client(FHIR.newRestfulGenericClient(args[0]), JSON.readTree(System.in)).play();
    }

    private Client(IGenericClient client, JsonNode given) {
        this.client = client;
        this.given = given;
    }

    private void play() throws IOException {
        tell("metadata", client.capabilities().ofType(CapabilityStatement.class).execute());
        String visitor = visit();
        meetTwice();
        treat();
        client.delete().resourceById("Patient", visitor).execute();
        tellRefusal("gone", () -> client.read().resource(Patient.class).withId(visitor).execute());
        tellRefusal("refused", () -> client.create().resource(sent(Observation.class, "unreadable")).execute());
    }

    /** Create, read, update and version read; the id of the Patient. */
    private String visit() throws IOException {
        MethodOutcome created = client.create().resource(sent(Patient.class, "visitor")).execute();
        tell("created", created.getResource());
        String id = created.getId().getIdPart();
        Patient visitor = client.read().resource(Patient.class).withId(id).execute();
        tell("read", visitor);
        visitor.setGender(AdministrativeGender.FEMALE);
        tell("updated", client.update().resource(visitor).execute().getResource());
        Patient other = sent(Patient.class, "visitor").setGender(AdministrativeGender.OTHER);
        MethodOutcome upserted = client.update()
                .resource(other)
                .conditional()
                .where(identified("visitor"))
                .execute();
        tell("upserted", upserted.getResource());
        tell("first", client.read().resource(Patient.class).withIdAndVersion(id, "1").execute());
        tellAll("history", client.history()
                .onInstance(new IdType("Patient", id))
                .returnBundle(Bundle.class)
                .execute());
        return id;
    }

    /** Conditional create, which HAPI sends with a whole URL in If-None-Exist, and a search by POST. */
    private void meetTwice() throws IOException {
        for (String step : new String[] {"once", "twice"}) {
            MethodOutcome outcome = client.create()
                    .resource(sent(Patient.class, "known"))
                    .conditional()
                    .where(identified("known"))
                    .execute();
            tell(step, outcome.getResource());
        }
        Bundle found = client.search()
                .forResource(Patient.class)
                .where(identified("known"))
                .usingStyle(SearchStyleEnum.POST)
                .returnBundle(Bundle.class)
                .execute();
        tellAll("found", found);
    }

    /** The two transactions, and what stands for the patient after each. */
    private void treat() throws IOException {
        Bundle waiting = client.transaction().withBundle(sent(Bundle.class, "waiting")).execute();
        tell("waiting", waiting);
        String location = waiting.getEntryFirstRep().getResponse().getLocation();
        String patient = location.substring(0, location.indexOf("/_history"));
        tell("pending", assessed(patient));
        tellAll("plan", plansOf(patient));
        tell("amplified", client.transaction().withBundle(sent(Bundle.class, "amplified")).execute());
        tell("positive", assessed(patient));
        tellAll("plans", plansOf(patient));
        String[] code = given.get("category-code").asText().split("\\|");
        tellAll("categories", client.search()
                .forResource(Observation.class)
                .where(Observation.PATIENT.hasId(patient))
                .and(Observation.CODE.exactly().systemAndCode(code[0], code[1]))
                .returnBundle(Bundle.class)
                .execute());
        Bundle page = client.search()
                .forResource(Observation.class)
                .where(Observation.PATIENT.hasId(patient))
                .count(1)
                .returnBundle(Bundle.class)
                .execute();
        Bundle all = page.copy();
        while (page.getLink(Bundle.LINK_NEXT) != null) {
            page = client.loadPage().next(page).execute();
            page.getEntry().forEach(all::addEntry);
        }
        tellAll("paged", all);
        ask(patient);
    }

    /** The number of a Patient's Observations, and Patient and Observations in one batch. */
    private void ask(String patient) throws IOException {
        Bundle counted = client.search()
                .forResource(Observation.class)
                .where(Observation.PATIENT.hasId(patient))
                .summaryMode(SummaryEnum.COUNT)
                .returnBundle(Bundle.class)
                .execute();
        line("counted", new IntNode(counted.getTotal()));
        Bundle batch = new Bundle().setType(BundleType.BATCH);
        for (String url : new String[] {patient, "Observation?patient=" + patient}) {
            batch.addEntry().getRequest().setMethod(HTTPVerb.GET).setUrl(url);
        }
        tellAll("batched", client.transaction().withBundle(batch).execute());
    }

    private Bundle assessed(String patient) {
        return client.operation()
                .onInstance(patient)
                .named("$assess-her2")
                .withNoParameters(Parameters.class)
                .returnResourceType(Bundle.class)
                .execute();
    }

    private Bundle plansOf(String patient) {
        return client.search()
                .forResource(CarePlan.class)
                .where(CarePlan.SUBJECT.hasId(patient))
                .and(CarePlan.STATUS.exactly().code("draft"))
                .returnBundle(Bundle.class)
                .execute();
    }

    private <T extends IBaseResource> T sent(Class<T> type, String name) {
        return FHIR.newJsonParser().parseResource(type, given.get(name).toString());
    }

    private ICriterion<TokenClientParam> identified(String name) {
        String[] said = given.get(name + "-criteria").get("identifier").asText().split("\\|");
        return Patient.IDENTIFIER.exactly().systemAndIdentifier(said[0], said[1]);
    }

    private static void tellRefusal(String step, Runnable asked) throws IOException {
        try {
            asked.run();
        } catch (BaseServerResponseException refusal) {
            tell(step, refusal.getOperationOutcome());
        }
    }

    private static void tellAll(String step, Bundle found) throws IOException {
        ArrayNode resources = JSON.createArrayNode();
        for (Bundle.BundleEntryComponent entry : found.getEntry()) {
            resources.add(json(entry.getResource()));
        }
        line(step, resources);
    }

    private static void tell(String step, IBaseResource said) throws IOException {
        line(step, json(said));
    }

    private static JsonNode json(IBaseResource resource) throws IOException {
        IParser parser = FHIR.newJsonParser();
        return JSON.readTree(parser.encodeResourceToString(resource));
    }

    private static void line(String step, JsonNode said) {
        System.out.println(JSON.createArrayNode().add(step).add(said));
    }
}
