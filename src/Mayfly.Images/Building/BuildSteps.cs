using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Python.Locking;

namespace Mayfly.Images.Building;

/// <summary>A lock and a recipe made into the layers of an image, lowest first: pure but for reading the host's files.</summary>
internal static class BuildSteps
{
    /// <param name="stack">The packages, and the table of account ids.</param>
    /// <param name="recipe">What is wanted.</param>
    /// <param name="find">The key of the layer of packages that is made of these inputs and has the table's accounts; null while there is none, and keys above it are not certain.</param>
    public static IReadOnlyList<BuildStep> Of(StackLock stack, ImageRecipe recipe, Func<string, string?> find)
    {
        var steps = new List<BuildStep>();
        var (all, set) = (SetOf(stack, SetRequest.Base), recipe.PackageSet is { } name ? SetOf(stack, name) : null);
        // What is installed in one go with the rest of the base begins over its first stage.
        var below = set is { InOneGo: true } ? all with { Stages = [.. all.Stages.Take(1)], Automatic = [] } : all;
        Packages(steps, stack, below, null, find);
        if (recipe.Before.Count > 0)
            Copy(steps, new FileStep([.. recipe.Before.SelectMany(static step => step.Files)]));
        if (set is not null)
            Packages(steps, stack, set, below, find);
        foreach (var environment in recipe.Environments)
            Install(steps, stack, recipe, environment);

        foreach (var step in recipe.Steps)
        {
            switch (step)
            {
                case FileStep files:
                    Copy(steps, files);
                    break;
                case CommandStep command:
                    Run(steps, command);
                    break;
                default:
                    throw new InvalidOperationException($"a step of the kind {step.GetType().Name}");
            }
        }

        return steps;
    }

    /// <summary>A layer for what the set had when it was first locked, and one for each addition since.</summary>
    private static void Packages(List<BuildStep> steps, StackLock stack, LockedSet set, LockedSet? over, Func<string, string?> find)
    {
        var byId = stack.Packages.ToDictionary(static package => package.Id, StringComparer.Ordinal);
        var present = (over?.Stages ?? []).SelectMany(static stage => stage.Packages).ToHashSet(StringComparer.Ordinal);
        foreach (var layer in LockedLayer.Of(set))
        {
            PackageStage[] stages = [.. layer.Stages.Zip(layer.DatesIn(stack), (stage, date) => new PackageStage(Described(stage.Packages), Described(stage.Configured)) { Epoch = EpochOf(date) })
                .Where(static stage => stage.Packages.Count + stage.Configured.Count > 0)];
            // Everything that was asked for is in the base: there is no layer to make.
            if (stages.Length > 0 || steps.Count == 0)
                Install(steps, stack, stages, layer, set, set.InOneGo && !layer.IsAddition ? Required(SetOf(stack, SetRequest.Base)) : [], find);
        }

        IReadOnlyList<LockedPackage> Described(IReadOnlyList<string> ids) => [.. ids.Where(id => !present.Contains(id)).Select(id => byId.TryGetValue(id, out var package)
            ? package
            : throw new MayflyException($"stack.lock names {id} in the set {set.Name}, but does not describe it", "the lock was edited by hand: remove stack.lock, and `mayfly lock` makes it anew"))];
    }

    private static void Install(List<BuildStep> steps, StackLock stack, IReadOnlyList<PackageStage> stages, LockedLayer layer, LockedSet set, IReadOnlyList<string> required, Func<string, string?> find)
    {
        var requests = string.Join(' ', layer.Requests);
        var epoch = EpochOf(layer.DateIn(stack));
        var inputs = new List<string> { stack.Architecture, $"{(layer.IsAddition ? "added, " : "")}requests {requests}" };
        inputs.AddRange(stages.SelectMany(stage => Inputs(stage, epoch)));
        if (required.Count > 0)
            inputs.Add($"required {string.Join(' ', required)}");
        if (set.Automatic is { } automatic)
            inputs.Add($"automatic {string.Join(' ', automatic)}");
        var origin = set.Name == SetRequest.Base ? $"base {stack.Releases.FirstOrDefault()?.Codename ?? stack.Architecture}" : $"packages {requests}";
        var hash = Key("packages", steps, epoch, inputs);
        stages = [.. stages.Select((stage, at) => at == stages.Count - 1 ? stage : stage with { Inputs = Key("stages", steps, stage.Epoch, [stack.Architecture, .. stages.Take(at + 1).SelectMany(one => Inputs(one, stage.Epoch))]) })];
        steps.Add(new PackageStep(find(hash) ?? hash, Below(steps), origin, epoch, stages, layer.Requests, stack.Architecture) { Inputs = hash, IsAddition = layer.IsAddition, Required = required, Automatic = set.Automatic });
    }

    /// <summary>What of a stage bears on its bytes; a date that is that of the whole is said there.</summary>
    private static IEnumerable<string> Inputs(PackageStage stage, long epoch) =>
    [
        stage.Epoch == epoch ? "stage" : string.Create(CultureInfo.InvariantCulture, $"stage of {stage.Epoch}"),
        .. stage.Packages.Select(static package => $"{package.Id} {package.Version} {package.Sha256}"),
        .. stage.Configured.Select(static package => $"configure {package.Id}"),
    ];

    /// <summary>What apt asks for besides the essential packages: all of the base that are not there for others' sake.</summary>
    private static IReadOnlyList<string> Required(LockedSet all) => [.. all.Stages.Skip(1).SelectMany(static stage => stage.Packages).Except(all.Automatic ?? [])];

    private static void Install(List<BuildStep> steps, StackLock stack, ImageRecipe recipe, ImageEnvironment wanted)
    {
        var environment = stack.Environments.FirstOrDefault(one => one.Set == recipe.PackageSet && one.Into == wanted.Into)
            ?? throw new MayflyException($"stack.lock has no Python packages of {recipe.PackageSet} at {wanted.Into}", "the script has changed since it was locked: run mayfly lock");
        var epoch = steps[^1].Epoch;
        string[] inputs = [wanted.Into, environment.Interpreter, wanted.SystemPackages ? "system packages" : "alone", .. environment.Requests, .. environment.Wheels.Select(static wheel => $"{wheel.File} {wheel.Sha256}{(wheel is { From: { } from, IsOwn: false } ? $" {from} {wheel.Source?.Subdirectory} {wheel.Fetched.Sha256}" : "")}")];
        steps.Add(new EnvironmentStep(Key("environment", [.. Apart(steps)], epoch, inputs), Below(steps), $"python packages {wanted.Into}", epoch, environment, wanted.SystemPackages, ImagePython.Of(stack, environment.Set)));
    }

    /// <summary>All but environments: nothing of those bears on files that are copied, which stay out of them, nor on other environments. So a requirement more makes none of these anew.</summary>
    private static IEnumerable<BuildStep> Apart(List<BuildStep> steps) => steps.Where(static step => step is not EnvironmentStep);

    private static void Copy(List<BuildStep> steps, FileStep step)
    {
        var files = HostFile.List(step);
        foreach (var environment in steps.OfType<EnvironmentStep>())
        {
            if (files.FirstOrDefault(file => $"/{file.Path}/".StartsWith($"{environment.Environment.Into}/", StringComparison.Ordinal)) is { } inside)
                throw new MayflyException($"/{inside.Path} is copied into the environment of Python packages at {environment.Environment.Into}", "an environment holds what stack.lock has for it and nothing else: copy it beside");
        }

        var epoch = steps[^1].Epoch;
        var key = Key("files", [.. Apart(steps)], epoch, files.Select(static file => file.Fingerprint));
        steps.Add(new CopyStep(key, Below(steps), $"copy {string.Join(' ', step.Files.Select(static file => file.Path))}", epoch, files));
    }

    private static void Run(List<BuildStep> steps, CommandStep step)
    {
        var inputs = new List<string> { $"user {step.User}", $"in {step.WorkingDirectory}" };
        inputs.AddRange(step.Command.Select(static argument => $"argument {argument}"));
        inputs.AddRange(step.Environment.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => $"variable {pair.Key}={pair.Value}"));
        // The layers of files between do not speak of them.
        inputs.AddRange(steps.OfType<EnvironmentStep>().Select(static environment => $"environment {environment.Key}"));
        var epoch = steps[^1].Epoch;
        steps.Add(new RunStep(Key("command", steps, epoch, inputs), Below(steps), $"run {string.Join(' ', step.Command)}", epoch, step));
    }

    /// <summary>The latest second in a layer of packages, and in the layers of files and commands over it.</summary>
    private static long EpochOf(DateTimeOffset date) =>
        Environment.GetEnvironmentVariable("SOURCE_DATE_EPOCH") is { Length: > 0 } given && long.TryParse(given, CultureInfo.InvariantCulture, out var seconds)
            ? seconds
            : date.ToUnixTimeSeconds();

    private static LockedSet SetOf(StackLock stack, string name) =>
        stack.Sets.FirstOrDefault(set => set.Name == name)
        ?? throw new MayflyException($"stack.lock has no package set named {name}", "the script has changed since it was locked: run mayfly lock");

    private static string? Below(List<BuildStep> steps) => steps is [.., var top] ? top.Key : null;

    /// <summary>Each input with its length before it, so that no two lists give the same text.</summary>
    private static string Key(string kind, List<BuildStep> steps, long epoch, IEnumerable<string> inputs)
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"mayfly layer {StackLock.CurrentFormat} {kind} {Below(steps)} {epoch}\n"));
        foreach (var input in inputs)
            text.Append(CultureInfo.InvariantCulture, $"{input.Length} {input}\n");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
