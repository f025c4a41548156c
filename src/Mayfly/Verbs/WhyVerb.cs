using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Python;
using Mayfly.Terminal;

namespace Mayfly.Verbs;

/// <summary><c>why</c>: the chain of dependencies that brings a package into an image.</summary>
internal static class WhyVerb
{
    public static Command Describe(Stack stack)
    {
        var name = new Argument<string>("PACKAGE") { Description = "A package of stack.lock, or package:architecture" };
        var json = CommonOptions.Json();
        var command = new Command("why", "Show which chain of dependencies brings a package in.\n\nExample: mayfly why examples/shop libpq5") { name, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var place = Workplace.Open(stack);
            var stackLock = place.Packages.RequireLock();
            var package = parsed.GetValue(name)!;
            var relations = await Screen.ShowAsync(async progress =>
            {
                await place.Packages.RequireAsync(stackLock, package, progress, cancellationToken);
                return await place.Packages.RelationsAsync(stackLock, progress, cancellationToken);
            });
            var chains = Chains(stackLock, relations, package);
            if (parsed.GetValue(json))
                Console.Out.WriteLine(JsonSerializer.Serialize(chains, WhyJson.Default.IReadOnlyListReasonChain));
            else
                Show(chains);
            return 0;
        });
        return command;
    }

    /// <summary>One chain for each set that has the package.</summary>
    internal static IReadOnlyList<ReasonChain> Chains(StackLock stackLock, IReadOnlyDictionary<string, PackageRelations> relations, string package)
    {
        var chains = new List<ReasonChain>();
        // A bare name means the package of each architecture that has it.
        var called = stackLock.Packages.Where(other => other.IsCalled(package)).Select(static other => other.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var set in stackLock.Sets)
        {
            var meant = stackLock.PackagesOf(set).Where(called.Contains).Select(id => relations[id].Key).ToList();
            if (meant.Count == 0)
                continue;
            var own = Packages(set);
            var below = set.Name == SetRequest.Base || set.Name == global::Mayfly.Packages.Tools.ToolSet.Request.Name ? [] : Packages(stackLock.Sets.First(other => other.Name == SetRequest.Base));
            var roots = set.Requests.Select(request => (PackageRequest.Parse(request).Key, $"{set.Name} asks for it"));
            if (set.Name == SetRequest.Base)
            {
                roots = roots.Concat(own.Where(other => other.Essential).Select(other => (other.Key, "essential: every Debian system has it")))
                    .Concat(own.Where(other => other is { Priority: PackagePriority.Required, Essential: false }).Select(other => (other.Key, "its priority is required: every Debian system has it")))
                    // The archive's index decides, and a package's own control file may say another priority.
                    .Concat(Unneeded(own).Select(static other => (other.Key, "the archive counts it as required: every Debian system has it")));
            }

            chains.AddRange(meant.Select(key => new ReasonChain(set.Name, [.. DependencyChain.To([.. own, .. below], roots, key, set.Recommends)
                .Select(static link => new Reason(link.Package.Key, link.Package.Version.Text, link.From?.Key, link.Reason))])));
        }

        return [.. chains, .. stackLock.Environments.SelectMany(environment => Chains(environment, package))];

        IReadOnlyList<PackageRelations> Packages(LockedSet set) => [.. stackLock.PackagesOf(set).Select(id => relations[id])];
    }

    /// <summary>The shortest way from what an environment's file asks for to a wheel.</summary>
    private static IEnumerable<ReasonChain> Chains(LockedEnvironment environment, string package)
    {
        var wheels = environment.Wheels.ToDictionary(static wheel => wheel.ReadName().Project.Text, StringComparer.Ordinal);
        if (wheels.Values.Select(static wheel => wheel.AsPackage()).FirstOrDefault(wheel => wheel.IsCalled(package)) is not { } meant)
            yield break;
        var requests = environment.Requests.Select(static request => DependencySpecifier.Parse(request)).GroupBy(static request => request.Name.Text).ToDictionary(static group => group.Key, static group => group.First().ToString(), StringComparer.Ordinal);
        var from = requests.Keys.Where(wheels.ContainsKey).ToDictionary(static name => name, static _ => (string?)null, StringComparer.Ordinal);
        var open = new Queue<string>(from.Keys);
        while (open.TryDequeue(out var next) && next != meant.Name)
        {
            foreach (var need in wheels[next].Needs.Where(need => wheels.ContainsKey(need) && from.TryAdd(need, next)))
                open.Enqueue(need);
        }

        if (!from.ContainsKey(meant.Name))
            yield break;
        var links = new List<Reason>();
        for (string? name = meant.Name; name is not null; name = from[name])
            links.Insert(0, new Reason($"{name}:{LockedWheel.Architecture}", wheels[name].AsPackage().Version, from[name] is { } by ? $"{by}:{LockedWheel.Architecture}" : null, from[name] is null ? $"{environment.Set} asks for {requests[name]} in {environment.Into}" : "needs it"));
        yield return new ReasonChain(environment.Set, links);
    }

    /// <summary>Those on which no other one depends.</summary>
    private static IEnumerable<PackageRelations> Unneeded(IReadOnlyList<PackageRelations> own)
    {
        var needed = own.SelectMany(static package => package.PreDepends.Concat(package.Depends)).SelectMany(static dependency => dependency.Alternatives).Select(static relation => relation.Name).ToHashSet(StringComparer.Ordinal);
        return own.Where(package => !needed.Contains(package.Name) && !package.Provides.Any(provided => needed.Contains(provided.Alternatives[0].Name)));
    }

    private static void Show(IReadOnlyList<ReasonChain> chains)
    {
        foreach (var chain in chains)
        {
            Console.Out.WriteLine($"{chain.Set}:");
            foreach (var link in chain.Links)
                Console.Out.WriteLine(link.From is null ? $"  {link.Package} {link.Version}: {link.Why}" : $"  {link.Package} {link.Version}: {link.From} {link.Why}");
        }
    }
}

/// <param name="Set">A component's name, <c>base</c> or <c>tools</c>.</param>
/// <param name="Links">From what is there for its own sake to the package.</param>
internal sealed record ReasonChain(string Set, IReadOnlyList<Reason> Links);

/// <param name="From">The package that brings it; null for the first one.</param>
internal sealed record Reason(string Package, string Version, string? From, string Why);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(IReadOnlyList<ReasonChain>))]
internal sealed partial class WhyJson : JsonSerializerContext;
