using System.Text.Json.Serialization;

namespace Mayfly.Machines.Agent;

/// <summary>The shapes on the socket and in the agent's files, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(AgentRequest))]
[JsonSerializable(typeof(AgentReply))]
[JsonSerializable(typeof(AgentSettings))]
[JsonSerializable(typeof(Generation))]
[JsonSerializable(typeof(CurrentGeneration))]
internal sealed partial class AgentJson : JsonSerializerContext;
