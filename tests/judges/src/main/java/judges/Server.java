package judges;

import ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig;
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.config.ThreadPoolFactoryConfig;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.binary.api.IBinaryStorageSvc;
import ca.uhn.fhir.jpa.binary.svc.NullBinaryStorageSvcImpl;
import ca.uhn.fhir.jpa.config.HapiJpaConfig;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import ca.uhn.fhir.jpa.config.util.HapiEntityManagerFactoryUtil;
import ca.uhn.fhir.jpa.model.config.PartitionSettings;
import ca.uhn.fhir.jpa.model.config.SubscriptionSettings;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirH2Dialect;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.provider.JpaSystemProvider;
import ca.uhn.fhir.jpa.provider.SubscriptionTriggeringProvider;
import ca.uhn.fhir.jpa.provider.ValueSetOperationProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.subscription.channel.config.SubscriptionChannelConfig;
import ca.uhn.fhir.jpa.subscription.match.config.SubscriptionProcessorConfig;
import ca.uhn.fhir.jpa.subscription.match.deliver.email.IEmailSender;
import ca.uhn.fhir.jpa.subscription.submit.config.SubscriptionSubmitterConfig;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.server.HardcodedServerAddressStrategy;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import com.zaxxer.hikari.HikariDataSource;
import jakarta.persistence.EntityManagerFactory;
import java.util.Properties;
import javax.sql.DataSource;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.ServerConnector;
import org.hl7.fhir.dstu2.model.Subscription.SubscriptionChannelType;
import org.opencds.cqf.fhir.cql.EvaluationSettings;
import org.opencds.cqf.fhir.cr.hapi.config.RepositoryConfig;
import org.opencds.cqf.fhir.cr.hapi.config.r4.ApplyOperationConfig;
import org.opencds.cqf.fhir.utility.client.TerminologyServerClientSettings;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;

/**
 * A HAPI FHIR R4 server on loopback, {@code Server [PORT]}: storage in memory, rest-hook
 * Subscriptions, PlanDefinition $apply. Port 0, the default, takes a free one. The line {@code READY
 * http://127.0.0.1:PORT/fhir} on standard output says that it answers.
 */
public final class Server {

    private static final String HOST = "127.0.0.1";
    private static final String JDBC = System.getProperty("fhir.jdbc", "jdbc:h2:mem:fhir;DB_CLOSE_DELAY=-1");

    public static void main(String[] args) throws Exception {
        AnnotationConfigApplicationContext spring = new AnnotationConfigApplicationContext();
        spring.setAllowCircularReferences(true);
        spring.register(Wiring.class);
        spring.refresh();
        spring.registerShutdownHook();

        org.eclipse.jetty.server.Server jetty = new org.eclipse.jetty.server.Server();
        HttpConfiguration http = new HttpConfiguration();
        http.setUriCompliance(UriCompliance.LEGACY); // FHIR clients send a bare '|' in token searches
        ServerConnector connector = new ServerConnector(jetty, new HttpConnectionFactory(http));
        connector.setHost(HOST);
        connector.setPort(args.length > 0 ? Integer.parseInt(args[0]) : 0);
        connector.open(); // the port is ours from here on
        String base = "http://" + HOST + ":" + connector.getLocalPort() + "/fhir";
        jetty.addConnector(connector);
        RestfulServer fhir = spring.getBean(RestfulServer.class);
        fhir.setServerAddressStrategy(new HardcodedServerAddressStrategy(base));
        ServletContextHandler root = new ServletContextHandler("/");
        ServletHolder holder = new ServletHolder("fhir", fhir);
        holder.setInitOrder(1);
        root.addServlet(holder, "/fhir/*");
        jetty.setHandler(root);
        jetty.setStopAtShutdown(true);
        jetty.start();
        System.out.println("READY " + base);
        jetty.join();
    }

    @Configuration
    @Import({
        JpaR4Config.class,
        HapiJpaConfig.class,
        ThreadPoolFactoryConfig.class,
        JpaBatch2Config.class,
        Batch2JobsConfig.class,
        SubscriptionSubmitterConfig.class,
        SubscriptionProcessorConfig.class,
        SubscriptionChannelConfig.class,
        RepositoryConfig.class,
        ApplyOperationConfig.class
    })
    static class Wiring {

        @Bean
        DataSource dataSource() {
            HikariDataSource pool = new HikariDataSource();
            pool.setJdbcUrl(JDBC);
            pool.setUsername("sa");
            pool.setPassword("");
            pool.setMaximumPoolSize(12);
            return pool;
        }

        @Bean
        @Primary
        LocalContainerEntityManagerFactoryBean entityManagerFactory(
                ConfigurableListableBeanFactory factory,
                FhirContext fhir,
                JpaStorageSettings storage,
                DataSource dataSource) {
            LocalContainerEntityManagerFactoryBean emf =
                    HapiEntityManagerFactoryUtil.newEntityManagerFactory(factory, fhir, storage);
            emf.setPersistenceUnitName("HAPI_PU");
            emf.setDataSource(dataSource);
            Properties p = new Properties();
            p.put("hibernate.dialect", HapiFhirH2Dialect.class.getName());
            p.put("hibernate.hbm2ddl.auto", "update");
            p.put("hibernate.jdbc.batch_size", "20");
            p.put("hibernate.cache.use_query_cache", "false");
            p.put("hibernate.cache.use_second_level_cache", "false");
            p.put("hibernate.search.enabled", "false");
            emf.setJpaProperties(p);
            return emf;
        }

        @Bean
        @Primary
        JpaTransactionManager transactionManager(EntityManagerFactory emf) {
            return new JpaTransactionManager(emf);
        }

        @Bean
        JpaStorageSettings storageSettings() {
            JpaStorageSettings s = new JpaStorageSettings();
            s.setAllowExternalReferences(true);
            s.setAllowMultipleDelete(true);
            s.setExpungeEnabled(true);
            s.setReuseCachedSearchResultsForMillis(null); // every search reads the database
            s.setResourceClientIdStrategy(JpaStorageSettings.ClientIdStrategyEnum.ALPHANUMERIC);
            s.setIndexMissingFields(JpaStorageSettings.IndexEnabledEnum.DISABLED);
            return s;
        }

        @Bean
        SubscriptionSettings subscriptionSettings() {
            SubscriptionSettings s = new SubscriptionSettings();
            s.addSupportedSubscriptionType(SubscriptionChannelType.RESTHOOK);
            // Not setSubscriptionChangeQueuedImmediately(true): a worker then reads the resource before its
            // transaction commits, so deleted or switched-off subscriptions stay registered for ever.
            s.setSubscriptionIntervalInMs(250); // a new Subscription is seen soon; the default is 5000
            return s;
        }

        @Bean
        PartitionSettings partitionSettings() {
            return new PartitionSettings();
        }

        @Bean
        IBinaryStorageSvc binaryStorage() {
            return new NullBinaryStorageSvcImpl();
        }

        @Bean
        IEmailSender emailSender() {
            return details -> {};
        }

        @Bean
        EvaluationSettings evaluationSettings() {
            return EvaluationSettings.getDefault(); // one for all calls: a CQL library is compiled once a version
        }

        @Bean
        TerminologyServerClientSettings terminologyClientSettings() {
            return TerminologyServerClientSettings.getDefault();
        }

        @Bean
        RestfulServer restfulServer(
                FhirContext fhir,
                IFhirSystemDao<?, ?> systemDao,
                JpaSystemProvider<?, ?> systemProvider,
                ResourceProviderFactory resourceProviders,
                JpaStorageSettings storage,
                ISearchParamRegistry searchParams,
                IValidationSupport validation,
                DatabaseBackedPagingProvider paging,
                ValueSetOperationProvider valueSets,
                SubscriptionTriggeringProvider trigger) {
            RestfulServer server = new RestfulServer(fhir);
            server.registerProviders(resourceProviders.createProviders());
            server.registerProvider(systemProvider);
            server.registerProvider(valueSets);
            server.registerProvider(trigger);
            server.setServerConformanceProvider(
                    new JpaCapabilityStatementProvider(server, systemDao, storage, searchParams, validation));
            paging.setDefaultPageSize(1000); // CQL reads a patient page by page, and each page waits
            paging.setMaximumPageSize(1000);
            server.setPagingProvider(paging);
            server.setDefaultResponseEncoding(EncodingEnum.JSON);
            return server;
        }
    }
}
