using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mayfly.Machines;
using Mayfly.Spec;

namespace Mayfly.Planning;

/// <summary>Turns a spec and its images' layers into instances and the generation that names them. Pure.</summary>
internal static class InstancePlanner
{
    /// <summary>The instances that should run, in the order of starting.</summary>
    /// <param name="spec">The stack.</param>
    /// <param name="layers">For each component its image's layer keys, lowest first. They alone say what the image holds.</param>
    /// <param name="fingerprint">Tells whether a secret, by name, has changed.</param>
    public static IReadOnlyList<InstanceSpec> Instances(StackSpec spec, IReadOnlyDictionary<string, IReadOnlyList<string>> layers, Func<string, string> fingerprint)
    {
        var instances = new List<InstanceSpec>();
        foreach (var component in spec.Components)
        {
            foreach (var placed in spec.Placement.Where(placed => placed.Component == component.Name))
            {
                var instance = component.Instance with { Replica = placed.Replica, Machine = placed.Machine, Layers = layers[component.Name] };
                var machine = spec.Machines.First(machine => machine.Name == placed.Machine);
                var secrets = string.Concat(instance.Secrets.Select(use => $"{use.Secret}={fingerprint(use.Secret)}\n"));
                instances.Add(instance with { Key = Digest($"{JsonSerializer.Serialize(instance, PlanningJson.Default.InstanceSpec)}\n{machine}\n{secrets}") });
            }
        }

        return instances;
    }

    /// <summary>The generation of these instances; its key is the same whenever nothing that runs or is published and no line of the script differs.</summary>
    public static Generation Generation(StackSpec spec, IReadOnlyList<InstanceSpec> instances, int number) => new()
    {
        Number = number,
        Stack = spec.Name,
        Key = Digest(string.Join('\n', instances.Select(instance => $"{instance.Component}-{instance.Replica} {instance.Key}")
            .Concat(spec.Published.Select(published => published.ToString())).Concat(spec.Machines.Select(machine => machine.ToString())).Append(spec.ScriptDigest))),
        Machines = spec.Machines,
        Instances = instances,
        Published = spec.Published,
    };

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

[JsonSourceGenerationOptions(WriteIndented = false)]
[JsonSerializable(typeof(InstanceSpec))]
internal sealed partial class PlanningJson : JsonSerializerContext;
