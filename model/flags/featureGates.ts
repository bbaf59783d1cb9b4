/**
 * Feature gates of Kubernetes' components, which all know the same. Source: pkg/features/kube_features.go of k8s.io/kubernetes and the gates of
 * its staging modules at v1.34.4, v1.35.8, v1.36.4 and v1.37.1. `Name@1.35` came with that minor, `Name@-1.35` went after it.
 */
export const FEATURE_GATES = `
  APIResponseCompression APIServerIdentity APIServerTracing@-1.36 APIServerWebhookAuthenticationToken@1.37
  APIServingWithRoutine AggregatedDiscoveryRemoveBetaType AllAlpha AllBeta AllowDNSOnlyNodeCSR
  AllowInsecureKubeletCertificateSigningRequests AllowOverwriteTerminationGracePeriodSeconds
  AllowParsingUserUIDFromCertAuth AllowServiceExternalIPs@1.36 AllowServiceLBStatusOnNonLB@-1.34
  AllowUnsafeMalformedObjectDeletion AnonymousAuthConfigurableEndpoints@-1.36 AnyVolumeDataSource@-1.36
  AtomicFIFO@1.36 AtomicWriteVolumeUserFields@1.37 AuthorizeNodeWithSelectors@-1.36
  AuthorizePodWebsocketUpgradeCreatePermission@1.35 AuthorizeWithSelectors@-1.36 BtreeWatchCache@-1.36
  CBORServingAndStorage CPUManagerPolicyAlphaOptions CPUManagerPolicyBetaOptions CPUManagerPolicyOptions
  CRDObservedGenerationTracking@1.35 CRDValidationRatcheting CRIListStreaming@1.36
  CSIMigrationPortworx@-1.35 CSIServiceAccountTokenSecrets@1.35 CSIVolumeHealth
  ChangeContainerStatusOnKubeletRestart@1.35 ClearingNominatedNodeNameAfterBinding
  ClientsAllowCARotation@1.36 ClientsAllowCBOR@1.35 ClientsAllowTLSCacheGC@1.36 ClientsPreferCBOR@1.35
  CloudControllerManagerWatchBasedRoutesReconciliation@1.35 CloudControllerManagerWebhook
  ClusterTrustBundle ClusterTrustBundleProjection ComponentFlagz ComponentSLIs@-1.34 ComponentStatusz
  CompositePodGroup@1.37 ConcurrentWatchObjectDecode ConsistentListFromCache@-1.36
  ConsistentListFromCacheSkipTimeoutFallback@1.37 ConstrainedImpersonation@1.35 ContainerCheckpoint
  ContainerRestartRules ContainerStopSignals ContextualLogging
  ControllerManagerReleaseLeaderElectionLockOnExit@1.36 CoordinatedLeaderElection
  CronJobsScheduledAnnotation@-1.34 CrossNamespaceVolumeDataSource CustomCPUCFSQuotaPeriod
  CustomResourceFieldSelectors DRAAdminAccess DRAConsumableCapacity DRADerivedAttributes@1.37
  DRADeviceBindingConditions DRADeviceCompatibilityGroups@1.37 DRADeviceTaintRules@1.35 DRADeviceTaints
  DRAExtendedResource DRAFractionalCapacityRange@1.37 DRAListTypeAttributes@1.36
  DRANodeAllocatableResources@1.36 DRAOptionalNodeOperations@1.37 DRAPartitionableDevices
  DRAPartitionableDevicesType@1.37 DRAPrioritizedList DRAResourceClaimDeviceStatus
  DRAResourceClaimGranularStatusAuthorization@1.36 DRAResourcePoolStatus@1.36 DRASchedulerFilterTimeout
  DRAWorkloadResourceClaims@1.36 DeclarativeValidation DeclarativeValidationBeta@1.36
  DeclarativeValidationTakeover DefaultPodSysctls@1.37 DeploymentReplicaSetTerminatingReplicas
  DetectCacheInconsistency DisableAllocatorDualWrite DisableCPUQuotaWithExclusiveCPUs
  DisableNodeKubeProxyVersion DynamicResourceAllocation EmptyDirVolumeMode@1.37 EnvFiles
  EtcdRangeStream@1.37 EventedPLEG EvictionRequestAPI@1.37 ExcludeAdmissionWebhookVirtualResources@1.37
  ExecProbeTimeout ExtendWebSocketsToKubelet@1.36 ExternalServiceAccountTokenSigner
  GRPCContainerProbeTLS@1.37 GangScheduling@1.35-1.36 GenericWorkload@1.35 GitRepoVolumeDriver
  GracefulNodeShutdown GracefulNodeShutdownBasedOnPodPriority H2CContainerProbe@1.37
  HPAConfigurableTolerance HPAGeneration@1.37 HPAOptimizedSelectorStore@1.37 HPAScaleToZero
  HonorPVReclaimPolicy@-1.35 HostnameOverride HugepageAwareEviction@1.37 ImageMaximumGCAge ImageVolume
  ImageVolumeWithDigest@1.36 InOrderInformers@1.35 InOrderInformersBatchProcess@1.35
  InPlacePodLevelResourcesVerticalScaling@1.35 InPlacePodVerticalScaling
  InPlacePodVerticalScalingAllocatedStatus@-1.35 InPlacePodVerticalScalingExclusiveCPUs
  InPlacePodVerticalScalingExclusiveMemory InPlacePodVerticalScalingInitContainers@1.36
  InPlacePodVerticalScalingMemoryBackedVolumes@1.37 InPlacePodVerticalScalingSchedulerPreemption@1.37
  InTreePluginPortworxUnregister@-1.35 InformerResourceVersion@1.35 InterPodAffinityHostnameFastPath@1.37
  JobBackoffLimitPerIndex@-1.36 JobManagedBy JobPodReplacementPolicy@-1.36 JobSuccessPolicy@-1.36 KMSv1
  KubeProxyIPVS@1.37 KubeProxyNFTablesLocalhostNodePorts@1.37 KubeletAllocatedPodsEndpoint@1.37
  KubeletCgroupDriverFromCRI KubeletCrashLoopBackOffMax KubeletEnsureSecretPulledImages
  KubeletFineGrainedAuthz KubeletInUserNamespace KubeletPSI KubeletPodResourcesDynamicResources
  KubeletPodResourcesGet KubeletPodResourcesListUseActivePods KubeletRegistrationGetOnExistsOnly
  KubeletSeparateDiskGC KubeletServiceAccountTokenForCredentialProviders KubeletTracing
  ListFromCacheSnapshot LoadBalancerIPMode@-1.34 LocalStorageCapacityIsolationFSQuotaMonitoring
  LogarithmicScaleDown@-1.36 LoggingAlphaOptions LoggingBetaOptions
  ManifestBasedAdmissionControlConfig@1.36 MatchLabelKeysInPodAffinity MatchLabelKeysInPodTopologySpread
  MatchLabelKeysInPodTopologySpreadSelectorMerge MaxUnavailableStatefulSet MemoryManager@-1.35 MemoryQoS
  MultiCIDRServiceAllocator MutableCSINodeAllocatableCount MutablePVNodeAffinity@1.35
  MutablePodResourcesForSuspendedJobs@1.35 MutableSchedulingDirectivesForSuspendedJobs@1.35
  MutatingAdmissionPolicy NFTablesNetlink@1.37 NFTablesProxyMode NativeHistograms@1.36
  NodeControllerLeaseCircuitBreaker@1.37 NodeDeclaredFeatures@1.35 NodeInclusionPolicyInPodTopologySpread
  NodeLifecycleConditions@1.37 NodeLogQuery NodeSwap NominatedNodeNameForExpectation OpenAPIEnums
  OpportunisticBatching@1.35 OrderedNamespaceDeletion@-1.36 PLEGOnDemandRelist@1.36
  PersistentVolumeClaimUnusedSinceTime@1.36 PodAndContainerStatsFromCRI PodCertificateRequest
  PodDeletionCost PodGroupPreemptionPolicy@1.37 PodIndexLabel@-1.34 PodLevelResourceManagers@1.36
  PodLevelResources PodLevelResourcesFixDefaulting@1.37 PodLevelResourcesFixKubeletQOSClass@1.37
  PodLifecycleSleepAction@-1.36 PodLifecycleSleepActionAllowZero@-1.36 PodLogsQuerySplitStreams
  PodObservedGenerationTracking PodReadyToStartContainersCondition PodSchedulingReadiness
  PodTopologyLabelsAdmission PodsAPI@1.36 PortForwardWebsockets PreferSameTrafficDistribution
  PreventStaticPodAPIReferences@-1.36 ProbeHostPodSecurityStandards@-1.34 ProcMountType QOSReserved
  RecoverVolumeExpansionFailure RecursiveReadOnlyMounts ReduceDefaultCrashLoopBackOffDecay
  RelaxedDNSSearchValidation@-1.36 RelaxedEnvironmentVariableValidation RelaxedServiceNameValidation
  ReloadKubeletClientCAFile@1.36 ReloadKubeletServerCertificateFile RemoteRequestHeaderUID
  ResilientWatchCacheInitialization@-1.36 ResourceHealthStatus ResourceHealthStatusMessage@1.36
  RestartAllContainersOnContainerExits@1.35 RetryGenerateName@-1.36 RotateKubeletServerCertificate
  RuntimeClassInImageCriApi SELinuxChangePolicy SELinuxMount SELinuxMountReadWriteOncePod
  SchedulerAsyncAPICalls SchedulerAsyncPreemption SchedulerPopFromBackoffQ SchedulerPreQueueingHints@1.37
  SchedulerQueueingHints@-1.36 SeparateCacheWatchRPC SeparateTaintEvictionController
  ServiceAccountNodeAudienceRestriction ServiceAccountTokenJTI ServiceAccountTokenNodeBinding
  ServiceAccountTokenNodeBindingValidation ServiceAccountTokenPodNodeInfo
  ServiceCIDRStatusFieldWiping@1.36 ServiceTrafficDistribution@-1.35 ShardedListAndWatch@1.36
  SidecarContainers@-1.36 SizeBasedListCostEstimate SizeMemoryBackedVolumes@-1.34
  StaleControllerConsistencyDaemonSet@1.36 StaleControllerConsistencyHPA@1.37
  StaleControllerConsistencyJob@1.36 StaleControllerConsistencyReplicaSet@1.36
  StaleControllerConsistencyStatefulSet@1.36 StatefulSetAutoDeletePVC@-1.34
  StatefulSetRecreateStrategy@1.37 StatefulSetSemanticRevisionComparison StorageCapacityScoring
  StorageNamespaceIndex StorageVersionAPI StorageVersionHash StorageVersionMigrator
  StreamingCollectionEncodingToJSON@-1.36 StreamingCollectionEncodingToProtobuf@-1.36
  StrictCostEnforcementForVAP@-1.34 StrictCostEnforcementForWebhooks@-1.34 StrictIPCIDRValidation
  StructuredAuthenticationConfiguration@-1.36 StructuredAuthenticationConfigurationEgressSelector
  StructuredAuthenticationConfigurationJWKSMetrics@1.35 StructuredAuthorizationConfiguration@-1.35
  SupplementalGroupsPolicy SystemdWatchdog TaintTolerationComparisonOperators@1.35
  TokenRequestServiceAccountUIDValidation TopologyAwareHints@-1.35 TopologyAwareWorkloadScheduling@1.36
  TopologyManagerPolicyAlphaOptions TopologyManagerPolicyBetaOptions TopologyManagerPolicyOptions
  TranslateStreamCloseWebsocketRequests UnauthenticatedHTTP2DOSMitigation
  UnknownVersionInteroperabilityProxy UnlockWhileProcessingFIFO@1.36 UserNamespacesHostNetworkSupport@1.35
  UserNamespacesPodSecurityStandards@-1.34 UserNamespacesSupport VolumeAttributesClass
  VolumeBindMountOptions@1.37 VolumeLimitScaling@1.35 WatchCacheInitializationPostStartHook
  WatchFromStorageWithoutResourceVersion@-1.35 WatchList WatchListClient@1.35 WatchListCompression@1.37
  WebhookRoundTripLoadBalancing@1.37 WinDSR WinOverlay WindowsCPUAndMemoryAffinity
  WindowsGracefulNodeShutdown WindowsHostNetwork WorkloadAwarePreemption@1.36-1.36 WorkloadWithJob@1.36`;

/** Gates that are locked on (`LockToDefault`): a component refuses to start with them off. `@1.36`: from that minor on. */
export const LOCKED_ON = `
  APIServerTracing AggregatedDiscoveryRemoveBetaType@1.35 AnonymousAuthConfigurableEndpoints
  AnyVolumeDataSource AuthorizeNodeWithSelectors AuthorizeWithSelectors BtreeWatchCache
  CPUManagerPolicyOptions CRDValidationRatcheting CSIMigrationPortworx CSIServiceAccountTokenSecrets@1.36
  ComponentSLIs ConsistentListFromCache CronJobsScheduledAnnotation CustomResourceFieldSelectors
  DRAAdminAccess@1.36 DRAExtendedResource@1.37 DRAPrioritizedList@1.37 DRAResourceClaimDeviceStatus@1.37
  DeclarativeValidation@1.36 DisableAllocatorDualWrite@1.35 DisableCPUQuotaWithExclusiveCPUs@1.37
  DisableNodeKubeProxyVersion@1.36 DynamicResourceAllocation@1.35 ExecProbeTimeout@1.35
  ExternalServiceAccountTokenSigner@1.36 HPAConfigurableTolerance@1.37 HonorPVReclaimPolicy
  HostnameOverride@1.37 ImageMaximumGCAge@1.35 ImageVolume@1.36 InOrderInformers@1.36
  InPlacePodVerticalScaling@1.35 InPlacePodVerticalScalingInitContainers@1.37 JobBackoffLimitPerIndex
  JobManagedBy@1.35 JobPodReplacementPolicy JobSuccessPolicy KubeletCgroupDriverFromCRI
  KubeletFineGrainedAuthz@1.36 KubeletPSI@1.36 KubeletPodResourcesDynamicResources@1.36
  KubeletPodResourcesGet@1.36 KubeletTracing LoadBalancerIPMode LogarithmicScaleDown
  MatchLabelKeysInPodAffinity MemoryManager MultiCIDRServiceAllocator MutableCSINodeAllocatableCount@1.36
  NFTablesProxyMode NodeDeclaredFeatures@1.37 NodeInclusionPolicyInPodTopologySpread NodeLogQuery@1.36
  NodeSwap OrderedNamespaceDeletion PLEGOnDemandRelist@1.37 PodIndexLabel PodLifecycleSleepAction
  PodLifecycleSleepActionAllowZero PodObservedGenerationTracking@1.35
  PodReadyToStartContainersCondition@1.37 PodSchedulingReadiness PreferSameTrafficDistribution@1.35
  ProbeHostPodSecurityStandards ProcMountType@1.36 RecoverVolumeExpansionFailure RecursiveReadOnlyMounts
  RelaxedDNSSearchValidation RelaxedEnvironmentVariableValidation RelaxedServiceNameValidation@1.37
  ResilientWatchCacheInitialization RetryGenerateName SELinuxChangePolicy@1.36
  SELinuxMountReadWriteOncePod@1.36 SchedulerQueueingHints SeparateTaintEvictionController
  ServiceAccountTokenJTI ServiceAccountTokenNodeBinding ServiceAccountTokenNodeBindingValidation
  ServiceAccountTokenPodNodeInfo ServiceTrafficDistribution SidecarContainers SizeMemoryBackedVolumes
  StatefulSetAutoDeletePVC StreamingCollectionEncodingToJSON StreamingCollectionEncodingToProtobuf
  StrictCostEnforcementForVAP StrictCostEnforcementForWebhooks StructuredAuthenticationConfiguration
  StructuredAuthorizationConfiguration SupplementalGroupsPolicy@1.35 SystemdWatchdog@1.35
  TopologyAwareHints TopologyManagerPolicyOptions@1.36 UserNamespacesSupport@1.36
  VolumeAttributesClass@1.36 WatchCacheInitializationPostStartHook@1.37 WinDSR WinOverlay`;

/** Gates that are locked off. */
export const LOCKED_OFF = `
  AllowOverwriteTerminationGracePeriodSeconds@1.35 AllowServiceLBStatusOnNonLB
  DeclarativeValidationTakeover@1.37 GitRepoVolumeDriver@1.36 SeparateCacheWatchRPC@1.36
  WatchFromStorageWithoutResourceVersion`;

/** Gates of etcd 3.6 and 3.7 (server/features/etcd_features.go). */
export const ETCD_FEATURE_GATES = `
  AllAlpha AllBeta StopGRPCServiceOnDefrag TxnModeWriteWithSharedBuffer InitialCorruptCheck CompactHashCheck
  LeaseCheckpoint LeaseCheckpointPersist SetMemberLocalAddr`;
