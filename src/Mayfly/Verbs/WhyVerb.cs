using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mayfly.Packages;
using Mayfly.Packages.Debian;
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
            if (!stackLock.Packages.Any(other => other.IsCalled(package)))
                throw new MayflyException($"stack.lock has no package {package}", Near(stackLock, package));
            var relations = await Screen.ShowAsync(progress => place.Packages.RelationsAsync(stackLock, progress, cancellationToken));
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
        foreach (var set in stackLock.Sets)
        {
            var own = Packages(set);
            var meant = own.Where(other => other.Key == package || other.Name == package || $"{other.Name}:{stackLock.Architecture}" == package).Select(static other => other.Key).ToList();
            if (meant.Count == 0)
                continue;
            var below = set.Name == SetRequest.Base || set.Name == global::Mayfly.Packages.Tools.ToolSet.Request.Name ? [] : Packages(stackLock.Sets.First(other => other.Name == SetRequest.Base));
            var roots = set.Requests.Select(request => (PackageRequest.Parse(request).Key, $"{set.Name} asks for it"));
            if (set.Name == SetRequest.Base)
            {
                roots = roots.Concat(own.Where(other => other.Essential).Select(other => (other.Key, "essential: every Debian system has it")))
                    .Concat(own.Where(other => other is { Priority: PackagePriority.Required, Essential: false }).Select(other => (other.Key, "its priority is required: every Debian system has it")));
            }

            // A bare name means the package of each architecture that has it.
            chains.AddRange(meant.Select(key => new ReasonChain(set.Name, [.. DependencyChain.To([.. own, .. below], roots, key)
                .Select(static link => new Reason(link.Package.Key, link.Package.Version.Text, link.From?.Key, link.Reason))])));
        }

        return chains;

        IReadOnlyList<PackageRelations> Packages(LockedSet set) => [.. set.Stages.SelectMany(stage => stage.Packages).Select(id => relations[id])];
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

    internal static string Near(StackLock stackLock, string name) =>
        stackLock.Packages.Select(package => package.Name).Where(other => other.Contains(name, StringComparison.Ordinal)).Distinct().Take(3).ToList() is { Count: > 0 } near
            ? $"did you mean {string.Join(" or ", near)}?" : "`mayfly list` shows what it has";
}

/// <param name="Set">A component's name, <c>base</c> or <c>tools</c>.</param>
/// <param name="Links">From what is there for its own sake to the package.</param>
internal sealed record ReasonChain(string Set, IReadOnlyList<Reason> Links);

/// <param name="From">The package that brings it; null for the first one.</param>
internal sealed record Reason(string Package, string Version, string? From, string Why);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(IReadOnlyList<ReasonChain>))]
internal sealed partial class WhyJson : JsonSerializerContext;
