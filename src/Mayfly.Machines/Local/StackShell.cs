using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Machines.Local;

/// <summary>A shell of the user's own on this host that sees a running stack's hostnames and has its environments of Python packages.</summary>
/// <remarks>
/// What it keeps: nothing. It mounts in a namespace that the shell alone is in, and that goes with it. Names: the host's agent answers whoever asks, so only the resolver's configuration is another
/// in there, and a component that moves is found. Environments: their python is the image's, with the image's libraries and Debian's modules, and the host may have none or another; so
/// their programs run with the image as their root, in which the host's folders with people's files are at their own places. What they write elsewhere is thrown away. Variables: those of the component
/// whose programs come first, but no secret, for everything that is started in a shell could read it.
/// </remarks>
/// <param name="store">Has the images' layers.</param>
/// <param name="stack">Its name.</param>
/// <param name="running">Its live instances.</param>
public sealed class StackShell(Store store, string stack, IReadOnlyList<InstanceSpec> running)
{
    /// <summary>Where all of it is mounted; in front of it the host has an empty folder.</summary>
    private const string Place = $"{Runtime.DefaultRunFolder}/shell";

    /// <summary>The folders of a root that an image brings, and a host has for itself.</summary>
    private static readonly string[] OfImages = ["bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr", "etc", "var", "boot"];

    /// <summary>Variables that lead an interpreter to other packages than its environment's.</summary>
    private static readonly string[] Misleading = ["VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT", "PYTHONHOME", "PYTHONPATH"];

    /// <summary>Names the variables that it has of a component, so that a shell of another stack inside it begins without them.</summary>
    private const string Names = "MAYFLY_STACK_VARIABLES";

    private readonly IReadOnlyList<StackEnvironment> _environments = StackEnvironment.Of(running);

    /// <summary>What is told of the variables that it has and has not; null when there are none.</summary>
    public string? Told => _environments is not [var first, ..] || first is { Variables.Count: 0, Secret.Count: 0 } ? null
        : $"{(first.Variables.Count > 0 ? $"set as for {first.Component}: {string.Join(", ", first.Variables.Keys)}" : "")}{(first is { Variables.Count: > 0, Secret.Count: > 0 } ? "; " : "")}{(first.Secret.Count > 0 ? $"not set, for {(first.Secret.Count == 1 ? "it holds a secret" : "they hold secrets")} of {first.Component}: {string.Join(", ", first.Secret)}" : "")}";

    /// <summary>The live instances of a stack on this host; empty when there is none of that name.</summary>
    public static IReadOnlyList<InstanceSpec> Running(Store store, RuntimePrograms programs, string stack) =>
        [.. new Runtime(store, programs).List(stack).Where(static one => one is { Phase: RunPhase.Running, Label.View: "live" }).Select(static one => one.Label.Spec).OrderBy(static spec => spec.Component, StringComparer.Ordinal).ThenBy(static spec => spec.Replica)];

    /// <summary>Opens it with the standard streams of this process, and waits for its end.</summary>
    /// <param name="shell">bash, zsh, fish or another one, by its name or path.</param>
    /// <param name="command">What to run in its place; empty for the shell.</param>
    /// <param name="environment">The variables of this process.</param>
    /// <returns>Its exit code.</returns>
    /// <exception cref="MayflyException">There is no such program, or it cannot be prepared.</exception>
    public int Open(string shell, IReadOnlyList<string> command, IReadOnlyDictionary<string, string> environment)
    {
        var here = Environment.CurrentDirectory;
        var path = string.Join(':', [.. _environments.Select(static one => $"{Place}/{one.Component}/bin"), .. (environment.GetValueOrDefault("PATH") ?? InstanceSpec.DefaultPath).Split(':').Where(static folder => !folder.StartsWith($"{Place}/", StringComparison.Ordinal))]);
        var variables = Variables(environment);
        (variables["PATH"], variables["MAYFLY_STACK"]) = (path, stack);
        Directory.CreateDirectory(Place);
        using var thread = new NamespaceThread(Namespaces.Mounts, "shell of " + stack);
        return thread.Run(() =>
        {
            Mounts.Mount("tmpfs", Place, "tmpfs", MountFlags.NoDevices | MountFlags.NoSetUserId, "mode=755");
            MountNames();
            foreach (var environment in _environments)
                Mount(environment);
            Directory.SetCurrentDirectory(here);
            var words = command.Count > 0 ? command : ShellStart.Write(shell, stack, $"{Place}/start", path, variables);
            string[] program = [Find(words[0], path), .. words.Skip(1)];
            return ChildProcess.Start(program, variables, Crun.Console());
        }).Wait();
    }

    private Dictionary<string, string> Variables(IReadOnlyDictionary<string, string> environment)
    {
        string[] others = [.. Misleading, Names, .. (environment.GetValueOrDefault(Names) ?? "").Split(' ')];
        var variables = environment.Where(one => !others.Contains(one.Key)).ToDictionary(StringComparer.Ordinal);
        if (_environments is not [{ Variables.Count: > 0 } first, ..])
            return variables;
        foreach (var (name, value) in first.Variables)
            variables[name] = value;
        variables[Names] = string.Join(' ', first.Variables.Keys);
        return variables;
    }

    private static string Find(string program, string path) => program.Contains('/', StringComparison.Ordinal) ? Path.GetFullPath(program)
        : path.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => $"{folder}/{program}").FirstOrDefault(File.Exists)
        ?? throw new MayflyException($"there is no program {program} on PATH", "name one that is there");

    private void MountNames()
    {
        const string Resolver = "/etc/resolv.conf", Services = "/etc/nsswitch.conf";
        if (!File.Exists(Resolver))
            throw new MayflyException($"this host has no {Resolver}, and names are found by it", $"make one, if only an empty one: touch {Resolver}");
        File.WriteAllText($"{Place}/resolv.conf", Bundle.Resolver($"{stack}.internal"));
        Mounts.Mount($"{Place}/resolv.conf", Resolver, null, MountFlags.Bind);
        // A resolver of systemd's that is asked before that file is knows nothing of the stack, and its answer would be the last word.
        if (!File.Exists(Services) || File.ReadAllLines(Services) is not { } lines || Array.FindIndex(lines, static line => line.StartsWith("hosts:", StringComparison.Ordinal) && line.Contains(" resolve", StringComparison.Ordinal)) is not (>= 0 and var at))
            return;
        lines[at] = "hosts: files dns";
        File.WriteAllLines($"{Place}/nsswitch.conf", lines);
        Mounts.Mount($"{Place}/nsswitch.conf", Services, null, MountFlags.Bind);
    }

    /// <summary>The image as a root, and the environment's programs as commands that run in it.</summary>
    private void Mount(StackEnvironment environment)
    {
        var folder = $"{Place}/{environment.Component}";
        var root = $"{folder}/root";
        foreach (var one in (string[])["root", "upper", "work", "bin"])
            Directory.CreateDirectory($"{folder}/{one}");
        // Relative, as for instances: mount(2) reads one page of options.
        Directory.SetCurrentDirectory(store.Folder(StoreArea.Layers));
        Mounts.Mount("overlay", root, "overlay", MountFlags.None, $"lowerdir={string.Join(':', environment.Layers.Reverse().Select(static key => $"{key}/tree"))},upperdir={folder}/upper,workdir={folder}/work");
        // Whatever the image has there, perhaps a link that would lead out of it.
        foreach (var (name, text) in (IEnumerable<(string, string)>)[("resolv.conf", Bundle.Resolver($"{stack}.internal")), ("hosts", "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n")])
        {
            File.Delete($"{root}/etc/{name}");
            File.WriteAllText($"{root}/etc/{name}", text);
        }

        foreach (var path in Directory.GetDirectories("/").Where(static path => Nodes.Read(path).Kind == NodeKind.Directory))
        {
            if (OfImages.Contains(path[1..]) || Nodes.Find(root + path) is { Kind: not NodeKind.Directory } || environment.Folders.Any(into => into.StartsWith($"{path}/", StringComparison.Ordinal)))
                continue;
            Directory.CreateDirectory(root + path);
            // What is below /run has this very root in it.
            Mounts.Mount(path, root + path, null, path == "/run" ? MountFlags.Bind : MountFlags.Bind | MountFlags.Recursive);
        }

        var own = string.Concat(Instead(_environments[0].Variables, environment.Variables));
        foreach (var into in environment.Folders)
        {
            foreach (var program in Directory.GetFileSystemEntries($"{root}{into}/bin").Where(IsProgram).Select(static one => Path.GetFileName(one)))
            {
                var wrapper = $"{folder}/bin/{program}";
                // Scripts that activate have nothing to say in a shell that is in the environment.
                if (program.StartsWith("activate", StringComparison.Ordinal) || File.Exists(wrapper))
                    continue;
                File.WriteAllText(wrapper, $"""
                    #!/bin/sh
                    PATH='{string.Join(':', environment.Folders.Select(static one => $"{one}/bin"))}:{InstanceSpec.DefaultPath}'
                    export PATH
                    {own}exec chroot '{root}' /bin/sh -c 'cd "$1" 2>/dev/null || cd /; shift; exec "$@"' sh "$PWD" '{into}/bin/{program}' "$@"

                    """);
                Files.ChangeMode(wrapper, 0b111_101_101);
            }
        }
    }

    /// <summary>What gives a program its own component's variables in a shell that has another's: those alone that are still as they were when it began, for what the user has set since counts.</summary>
    private static IEnumerable<string> Instead(IReadOnlyDictionary<string, string> shells, IReadOnlyDictionary<string, string> own) =>
        from name in shells.Keys.Union(own.Keys).Order(StringComparer.Ordinal)
        let before = shells.GetValueOrDefault(name)
        let after = own.GetValueOrDefault(name)
        where before != after
        select $"[ {(before is null ? $"-n \"${{{name}+set}}\"" : $"\"${{{name}-}}\" != {Quoted(before)}")} ] || {(after is null ? $"unset {name}" : $"export {name}={Quoted(after)}")}\n";

    private static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>A link may lead to something that only the image has.</summary>
    private static bool IsProgram(string path) => Nodes.Read(path) is var node && (node.Kind == NodeKind.Link || (node.Kind == NodeKind.File && (node.Mode & 0b001_001_001) != 0));
}
