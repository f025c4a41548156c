using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Mayfly.Linux.Tests;

[Trait("needs", "root")]
[Trait("needs", "oracle")]
public sealed partial class TreesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mayfly-trees-").FullName;

    [Fact]
    public void A_copy_is_the_same_to_the_last_fact()
    {
        Shell("""
            mkdir -p a/d/e b; echo text > a/f; ln a/f a/d/hard; ln -s ../f a/d/soft; ln -s /nowhere a/dangling
            truncate -s 10M a/sparse; printf end >> a/sparse; printf x | dd of=a/sparse bs=1 seek=5000000 conv=notrunc status=none
            : > a/empty; printf data > "$(printf 'a/\377name')"; mkfifo a/pipe; mknod a/null c 1 3
            chown 12:34 a/f a/d; chown -h 56:78 a/d/soft; chmod 4711 a/f; chmod 2750 a/d; chmod 000 a/d/e
            touch -d '2001-02-03 04:05:06.789' a/f a/d/e; touch -h -d '2002-03-04' a/d/soft; touch -d '2003-04-05' a/d a
            python3 -c 'import os; os.setxattr("a/f", "user.k", b"v"); os.setxattr("a/d", "user.d", b"w")'
            """);
        Trees.CopyContents(At("a"), At("b"));
        Trees.CopyFolderFacts(At("a"), At("b"));
        const string Facts = "find . -printf '%P %y %m %U %G %T@ %s %l %n\\n' | LC_ALL=C sort; find . -type f -exec md5sum {} + | LC_ALL=C sort; python3 -c 'import os; print(os.listxattr(\"f\"), os.getxattr(\"f\", \"user.k\"), os.getxattr(\"d\", \"user.d\"))'; stat -c '%t %T' null";
        var expected = Shell("cd a;" + Facts);
        Assert.Equal(expected, Shell("cd b;" + Facts));
        Assert.Contains("Feb", Shell("date -r b/f +%b"), StringComparison.Ordinal);
        Assert.Equal(Shell("stat -c %i b/f"), Shell("stat -c %i b/d/hard"));
        Assert.NotEqual(Shell("stat -c %i a/f"), Shell("stat -c %i b/f"));
        Assert.True(long.Parse(Shell("stat -c %b b/sparse"), System.Globalization.CultureInfo.InvariantCulture) < 1000, "the hole was filled");
        Assert.InRange(Trees.Occupied(At("b")), 4096, 1 << 20);
    }

    [Fact]
    public void Removal_takes_all_of_a_tree_and_follows_no_link()
    {
        Shell("""mkdir -p keep t/d; echo x > keep/f; ln -s ../keep t/out; ln -s "$PWD/keep" t/d/out; printf x > "$(printf 't/d/\377\376')"; mkdir t/d/locked; chmod 000 t/d/locked""");
        Trees.Remove(At("t"));
        Assert.False(Path.Exists(At("t")));
        Assert.True(File.Exists(At("keep/f")));
        Trees.Remove(At("t"));
        Trees.Remove(At("no/such/folder"));
        Shell("ln -s keep link");
        Trees.Remove(At("link"));
        Assert.True(File.Exists(At("keep/f")));
        Assert.Throws<LinuxException>(() => Trees.CopyContents(At("gone"), At("keep")));
    }

    [Theory, InlineData(""), InlineData("setpriv --reuid=65534 --regid=65534 --clear-groups ")]
    public void Removal_takes_what_is_deeper_than_any_path_may_be_long_and_what_nobody_may_read(string asWhom)
    {
        Shell($$"""
            chmod 755 .; mkdir keep t; echo x > keep/f; chown nobody t
            {{asWhom}}/usr/bin/python3 - "$PWD" <<'end'
            import os, sys
            os.chdir("t")
            for depth in range(20000):
                if depth % 1000 == 0:
                    os.symlink(sys.argv[1] + "/keep", "out")
                    os.mkdir("beside")
                    open("beside/file", "w").close()
                    os.chmod("beside", (0, 0o500)[depth // 1000 % 2])
                os.mkdir("d" * (1 + depth % 9))
                os.chdir("d" * (1 + depth % 9))
            os.mkdir("locked", 0)
            end
            """);
        if (asWhom.Length == 0)
        {
            Trees.Remove(At("t"));
            Assert.False(Path.Exists(At("t")));
        }
        else
        {
            // The folder that it is in is root's.
            Assert.Equal(("rmdir", 13), AsNobody(() => Trees.Remove(At("t"))));
            Assert.Equal("", Shell("find t -mindepth 1"));
        }

        Assert.True(File.Exists(At("keep/f")));
    }

    [Fact]
    public void What_cannot_be_removed_keeps_nothing_else()
    {
        Shell("mkdir -p t/a t/b t/c; touch t/a/f t/c/f; mount -t tmpfs none t/b; touch t/b/f");
        try
        {
            Assert.Equal(16, Assert.Throws<LinuxException>(() => Trees.Remove(At("t"))).Errno);
            Assert.Equal("t/b\nt/b/f", Shell("find t -mindepth 1"));
        }
        finally
        {
            Shell("umount t/b");
        }
    }

    [Fact]
    public void Removals_of_one_tree_at_the_same_time_do_not_disturb_each_other()
    {
        for (var round = 0; round < 10; round++)
        {
            Shell("mkdir -p t/{1,2,3,4,5,6}/{a,b,c,d}/{x,y,z}; for d in t/*/*/*; do : > $d/f; done");
            Parallel.For(0, 4, _ => Trees.Remove(At("t")));
            Assert.False(Path.Exists(At("t")));
        }
    }

    /// <summary>On a thread of its own, since a user is a thread's to the kernel; gives how it was refused.</summary>
    private static (string Call, int Errno) AsNobody(Action work)
    {
        const int Nobody = 65534;
        var refused = ("", 0);
        var thread = new Thread(() =>
        {
            Assert.Equal(0, syscall(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 147 : 117, Nobody, Nobody, Nobody));
            try
            {
                work();
            }
            catch (LinuxException e)
            {
                refused = (e.Call, e.Errno);
            }
        });
        thread.Start();
        thread.Join();
        return refused;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint real, nint effective, nint saved);

    public void Dispose() => Trees.Remove(_folder);

    private string At(string name) => Path.Combine(_folder, name);

    private string Shell(string script)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/bash", ["-ec", script]) { WorkingDirectory = _folder, RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output.Trim();
    }
}
