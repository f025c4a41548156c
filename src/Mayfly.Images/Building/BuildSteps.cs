using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mayfly.Images.Layers;
using Mayfly.Packages;

namespace Mayfly.Images.Building;

/// <summary>A lock and a recipe made into the layers of an image, lowest first: pure but for reading the host's files.</summary>
internal static class BuildSteps
{
    /// <summary>The latest time that any layer of this lock carries.</summary>
    public static long EpochOf(StackLock stack) =>
        Environment.GetEnvironmentVariable("SOURCE_DATE_EPOCH") is { Length: > 0 } given && long.TryParse(given, CultureInfo.InvariantCulture, out var seconds)
            ? seconds
            : stack.Releases.Count > 0 ? stack.Releases.Max(static release => release.Date).ToUnixTimeSeconds() : 0;

    /// <param name="stack">The packages, and the table of account ids.</param>
    /// <param name="recipe">What is wanted.</param>
    /// <param name="find">The key of the layer of packages that is made of these inputs and has the table's accounts; null while there is none, and keys above it are not certain.</param>
    public static IReadOnlyList<BuildStep> Of(StackLock stack, ImageRecipe recipe, Func<string, string?> find)
    {
        var steps = new List<BuildStep>();
        var below = Packages(steps, stack, "base", null, null, find);
        if (recipe.Before.Count > 0)
            below = Files(steps, stack, recipe.Before, below);
        if (recipe.PackageSet is { } set)
            below = Packages(steps, stack, set, "base", below, find)!;

        foreach (var step in recipe.Steps)
        {
            below = step switch
            {
                FileStep files => Copy(steps, stack, files, below),
                CommandStep command => Command(steps, stack, command, below),
                _ => throw new InvalidOperationException($"a step of the kind {step.GetType().Name}"),
            };
        }

        return steps;
    }

    /// <summary>A layer for what the set had when it was first locked, and one for each addition since.</summary>
    private static string? Packages(List<BuildStep> steps, StackLock stack, string name, string? over, string? below, Func<string, string?> find)
    {
        var set = SetOf(stack, name);
        var byId = stack.Packages.ToDictionary(static package => package.Id, StringComparer.Ordinal);
        var present = over is null ? [] : SetOf(stack, over).Stages.SelectMany(static stage => stage.Packages).ToHashSet(StringComparer.Ordinal);
        var first = 0;
        while (first < set.Stages.Count || (first == 0 && below is null))
        {
            var next = first + 1;
            while (next < set.Stages.Count && set.Stages[next].AddedTo is null)
                next++;
            var requests = next < set.Stages.Count ? set.Stages[next].AddedTo! : set.Requests;
            PackageStage[] stages = [.. set.Stages.Skip(first).Take(next - first).Select(stage => new PackageStage(Described(stage.Packages), Described(stage.Configured)))
                .Where(static stage => stage.Packages.Count + stage.Configured.Count > 0)];
            var isAddition = set.Stages.Count > first && set.Stages[first].AddedTo is not null;
            first = next;
            // Everything that was asked for is in the base: there is no layer to make.
            if (stages.Length == 0 && below is not null)
                continue;
            below = Install(steps, stack, stages, requests, over is null, isAddition, below, find);
        }

        return below;

        IReadOnlyList<LockedPackage> Described(IReadOnlyList<string> ids) => [.. ids.Where(id => !present.Contains(id)).Select(id => byId.TryGetValue(id, out var package)
            ? package
            : throw new MayflyException($"stack.lock names {id} in the set {name}, but does not describe it", "the lock was edited by hand: remove stack.lock, and `mayfly lock` makes it anew"))];
    }

    private static string Install(List<BuildStep> steps, StackLock stack, IReadOnlyList<PackageStage> stages, IReadOnlyList<string> requests, bool isBase, bool isAddition, string? below, Func<string, string?> find)
    {
        var inputs = new List<string> { stack.Architecture, $"{(isAddition ? "added, " : "")}requests {string.Join(' ', requests)}" };
        foreach (var stage in stages)
        {
            inputs.Add("stage");
            inputs.AddRange(stage.Packages.Select(static package => $"{package.Id} {package.Version} {package.Sha256}"));
            inputs.AddRange(stage.Configured.Select(static package => $"configure {package.Id}"));
        }

        var origin = isBase ? $"base {stack.Releases.FirstOrDefault()?.Codename ?? stack.Architecture}" : $"packages {string.Join(' ', requests)}";
        var hash = Key("packages", below, stack, inputs);
        var key = find(hash) ?? hash;
        steps.Add(new PackageStep(key, below, origin, stages, requests, stack.Architecture) { Inputs = hash, IsAddition = isAddition });
        return key;
    }

    private static string Files(List<BuildStep> steps, StackLock stack, IReadOnlyList<FileStep> files, string? below) =>
        Copy(steps, stack, new FileStep([.. files.SelectMany(static step => step.Files)]), below);

    private static string Copy(List<BuildStep> steps, StackLock stack, FileStep step, string? below)
    {
        var files = HostFile.List(step);
        var key = Key("files", below, stack, files.Select(static file => file.Fingerprint));
        steps.Add(new CopyStep(key, below, $"copy {string.Join(' ', step.Files.Select(static file => file.Path))}", files));
        return key;
    }

    private static string Command(List<BuildStep> steps, StackLock stack, CommandStep step, string? below)
    {
        var inputs = new List<string> { $"user {step.User}", $"in {step.WorkingDirectory}" };
        inputs.AddRange(step.Command.Select(static argument => $"argument {argument}"));
        inputs.AddRange(step.Environment.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => $"variable {pair.Key}={pair.Value}"));
        var key = Key("command", below, stack, inputs);
        steps.Add(new RunStep(key, below, $"run {string.Join(' ', step.Command)}", step));
        return key;
    }

    private static LockedSet SetOf(StackLock stack, string name) =>
        stack.Sets.FirstOrDefault(set => set.Name == name)
        ?? throw new MayflyException($"stack.lock has no package set named {name}", "the script has changed since it was locked: run mayfly lock");

    /// <summary>Each input with its length before it, so that no two lists give the same text.</summary>
    private static string Key(string kind, string? below, StackLock stack, IEnumerable<string> inputs)
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"mayfly layer {LayerRecord.CurrentFormat} {kind} {below} {EpochOf(stack)}\n"));
        foreach (var input in inputs)
            text.Append(CultureInfo.InvariantCulture, $"{input.Length} {input}\n");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
