using System.Text.Json;
using Mayfly.Linux;
using Mayfly.Packages;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Machines.Local;

/// <summary>One start of one instance, from its label to its running process.</summary>
/// <remarks>
/// Two threads with namespaces of their own do it. One has its own mounts: the overlay and the secrets are mounted there,
/// and the monitor is started from there, so that they exist as long as the monitor and the instance do and the host never
/// sees them; nobody has to unmount anything, whoever is killed. The other has a new network, which is wired while the
/// first one mounts and creates; the instance joins it, and when its last process ends the kernel takes the network and the veth away.
/// </remarks>
internal sealed class Launch(Store store, Crun crun, InstanceFolder folder, InstanceLabel label, string runFolder)
{
    private readonly InstanceSpec _spec = label.Spec;
    private readonly string[] _trees = [.. label.Spec.Layers.Select(key => Path.Combine(store.PathOf(StoreArea.Layers, key), "tree"))];

    /// <summary>Where the writable layer is: on the store's disk, because /run is memory.</summary>
    public static string Writable(Store store, InstanceLabel label) => Path.Combine(store.PathOf(StoreArea.Stacks, label.Spec.Stack), "writable", label.Id);

    public ProcessIdentity Run(StackSubnet subnet, CancellationToken cancellationToken)
    {
        foreach (var tree in _trees)
        {
            if (!Directory.Exists(tree))
                throw new MayflyException($"the image of {_spec.Component} lacks the layer {Path.GetFileName(Path.GetDirectoryName(tree))}", "it was pruned: run mayfly up again to build it anew");
        }

        var volumes = new Volumes(store, runFolder);
        var own = OwnLayer.Ensure(store, _spec, use => Directory.Exists(volumes.PathOf(_spec.Stack, label.View, use.Name)), cancellationToken);
        var log = InstanceLog.PathOf(store, _spec.Stack, label.Id);
        Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        Directory.CreateDirectory(Path.GetDirectoryName(folder.ExitFile)!);
        Directory.CreateDirectory(Path.GetDirectoryName(folder.Path)!);
        Directory.CreateDirectory(folder.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.CreateDirectory(folder.Root);

        // Making a network namespace and wiring it takes as long as mounting and creating: they go side by side.
        using var network = new InstanceNetwork(subnet, folder, label.Address);
        using var mounts = crun.Enter("start of " + label.Id);
        using var monitor = new InstanceMonitor(mounts, crun, folder, log);
        var names = ImageNames.Read(_trees);
        foreach (var (name, text) in Bundle.HostFiles(label))
            File.WriteAllText(folder.File(name), text);
        if (Bundle.Script(_spec) is { } script)
            File.WriteAllText(folder.File("start"), script);
        mounts.Run(() =>
        {
            MountAll(names, own);
            // Last, so that a monitor whose starter was killed finds everything mounted or no configuration at all.
            WriteConfig(names, network.Namespace);
        });
        if (monitor.Create(cancellationToken) is { } refusal)
            throw Refused(refusal);
        // Away from the agent's own group: whoever ends that one (a service manager, a limit) must not end what the agent runs.
        if (folder.Monitor() is { } running)
            ControlGroups.OfHost().Enter(ControlGroups.Top + "/monitors", running.Id);
        var process = folder.CreatedProcess() ?? throw Refused("its process ended before it was started");
        WriteBaseline();
        network.Connected();
        if (!crun.Release(label.Id))
        {
            var (code, output) = Crun.Run(mounts, crun.Start(label.Id));
            if (code != 0)
                throw Refused(output);
        }

        folder.WriteProcess(process);
        return process;
    }

    private void MountAll(ImageNames names, string? own)
    {
        var writable = Writable(store, label);
        Trees.Remove(writable);
        Directory.CreateDirectory(Path.Combine(writable, "upper"));
        Directory.CreateDirectory(Path.Combine(writable, "work"));
        var layers = store.Folder(StoreArea.Layers);
        // Relative, because mount(2) reads one page of options, which some forty absolute paths would fill.
        Directory.SetCurrentDirectory(layers);
        IEnumerable<string> trees = [.. own is null ? [] : (string[])[Path.GetRelativePath(layers, own)], .. _spec.Layers.Reverse().Select(key => Path.Combine(key, "tree"))];
        var lower = string.Join(':', trees.Select(Escape));
        // volatile: nothing in this layer is worth a sync, it is thrown away at the next start.
        Mounts.Mount("overlay", folder.Root, "overlay", MountFlags.None, $"lowerdir={lower},upperdir={Escape(Path.Combine(writable, "upper"))},workdir={Escape(Path.Combine(writable, "work"))},volatile");
        Directory.SetCurrentDirectory("/");
        WriteSecrets(names);

        var volumes = new Volumes(store, runFolder);
        foreach (var use in _spec.Volumes)
            volumes.Ensure(_spec.Stack, label.View, use, names.Owner(use.Owner, $"{_spec.Component}, volume {use.Name}"), ImageFolder(use.Path));
    }

    /// <summary>The image's folder that a volume will cover. Behind a link there is none: the link could lead anywhere.</summary>
    private string? ImageFolder(string path)
    {
        var at = folder.Root;
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            at = Path.Combine(at, part);
            if (part is "." or ".." || Nodes.Find(at) is not { Kind: NodeKind.Directory })
                return null;
        }

        return at;
    }

    private void WriteSecrets(ImageNames names)
    {
        var files = _spec.Secrets.Where(secret => secret.File is not null).ToList();
        if (files.Count == 0)
            return;
        var user = names.User(_spec.User, _spec.Component);
        Directory.CreateDirectory(folder.File("secrets"));
        Mounts.Mount("tmpfs", folder.File("secrets"), "tmpfs", MountFlags.NoDevices | MountFlags.NoExecute | MountFlags.NoSetUserId, "mode=700");
        for (var n = 0; n < files.Count; n++)
        {
            var path = Path.Combine(folder.File("secrets"), $"{n}");
            File.WriteAllText(path, SecretValue(files[n]));
            Files.ChangeOwner(path, user.Id, user.Group);
            Files.ChangeMode(path, 0b100_000_000);
        }
    }

    private string SecretValue(SecretUse use)
    {
        var path = Path.Combine(store.PathOf(StoreArea.Stacks, _spec.Stack), "secrets", use.Secret);
        var value = InstanceFolder.Read(path) ?? throw new MayflyException($"{_spec.Component} needs the secret '{use.Secret}', which the stack '{_spec.Stack}' does not have",
            $"write it to {path}, readable by root alone");
        value = value.TrimEnd('\n');
        // In the user information of a URL, a password's '@' or '/' would end it (RFC 3986, 3.2.1).
        var url = use.Format.IndexOf("://", StringComparison.Ordinal) is var scheme and >= 0 && scheme < use.Format.IndexOf("{secret}", StringComparison.Ordinal);
        return use.Format.Replace("{secret}", url ? Uri.EscapeDataString(value) : value, StringComparison.Ordinal);
    }

    private void WriteConfig(ImageNames names, SafeFileHandle space)
    {
        var volumes = new Volumes(store, runFolder);
        var config = Bundle.Create(new BundleInput
        {
            Label = label,
            Folder = folder.Path,
            Names = names,
            NetworkNamespace = $"/proc/{Environment.ProcessId}/fd/{space.DangerousGetHandle()}",
            MostOpenFiles = HostLimits.OpenFiles(File.ReadAllText("/proc/self/limits")),
            SecretValue = SecretValue,
            VolumePath = use => volumes.PathOf(_spec.Stack, label.View, use.Name),
        });
        File.WriteAllBytes(folder.Config, JsonSerializer.SerializeToUtf8Bytes(config, OciJson.Default.OciConfig));
    }

    private MayflyException Refused(string reason)
    {
        var command = _spec.Command[0];
        return reason.Contains("executable file", StringComparison.Ordinal) && reason.Contains("not found", StringComparison.Ordinal)
            ? new MayflyException($"{_spec.Component} cannot start: its image has no program '{command}'", "install the package that has it, or name it by its full path")
            : new MayflyException($"{_spec.Component} cannot start: {reason}", $"its image and command are in {folder.File("spec.json")} while it runs; mayfly doctor tells what this host lacks");
    }

    /// <summary>Mount points that the OCI runtime made are in the writable layer before the instance has done anything.</summary>
    private void WriteBaseline() => File.WriteAllLines(folder.File("baseline"), WritableLayer.Paths(Path.Combine(Writable(store, label), "upper")));

    // overlayfs splits its options at commas and the lower ones at colons; a backslash keeps them.
    private static string Escape(string path) => path.Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace(",", "\\,", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal);
}
