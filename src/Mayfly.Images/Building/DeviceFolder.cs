using Mayfly.Linux;

namespace Mayfly.Images.Building;

/// <summary>A private /dev: the devices that programs may count on, none that reaches the host's disks.</summary>
internal static class DeviceFolder
{
    private static readonly (string Name, int Minor)[] MemoryDevices = [("null", 3), ("zero", 5), ("full", 7), ("random", 8), ("urandom", 9)];

    public static void Mount(string path)
    {
        Mounts.Mount("tmpfs", path, "tmpfs", MountFlags.NoSetUserId, "mode=0755,size=64m");
        foreach (var (name, minor) in MemoryDevices)
            Nodes.MakeNode($"{path}/{name}", NodeKind.CharacterDevice, 0x1b6, 1, minor);
        Nodes.MakeNode($"{path}/tty", NodeKind.CharacterDevice, 0x1b6, 5, 0);
        Nodes.MakeDirectory($"{path}/shm", 0x3ff);
        Nodes.MakeDirectory($"{path}/pts", 0x1ed);
        Mounts.Mount("devpts", $"{path}/pts", "devpts", MountFlags.NoSetUserId | MountFlags.NoExecute, "newinstance,ptmxmode=0666,mode=0620");
        foreach (var (name, target) in (ReadOnlySpan<(string, string)>)[("ptmx", "pts/ptmx"), ("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")])
            Nodes.MakeLink(target, $"{path}/{name}");
    }
}
