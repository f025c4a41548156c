using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>What lists of contents say of shared libraries.</summary>
public sealed class LibraryOwnersTests
{
    [Fact]
    public void A_library_belongs_to_who_has_it_where_the_linker_looks()
    {
        const string list = """
            lib/x86_64-linux-gnu/libz.so.1                              libs/zlib1g
            usr/lib/x86_64-linux-gnu/libGL.so.1                         contrib/libs/libgl-other,libs/libgl1
            usr/lib/x86_64-linux-gnu/nvidia/libGL.so.1                  non-free/libs/hidden
            usr/lib/libown.so.1	universe/libs/own
            usr/lib/python3/dist-packages/libz.so.1                     python/own-zlib
            usr/share/with blanks/libz.so.1                             misc/blanks
            usr/lib64/libz.so.1 libs/lib64z1,

            libz.so.1
            """;
        var owners = new[] { "libz.so.1", "libGL.so.1", "libown.so.1", "libnone.so.1" }.ToDictionary(static name => name, static _ => new SortedSet<string>(StringComparer.Ordinal));
        LibraryOwners.Read(new StringReader(list), owners);
        Assert.Equal(["lib64z1", "zlib1g"], owners["libz.so.1"]);
        Assert.Equal(["libgl-other", "libgl1"], owners["libGL.so.1"]);
        Assert.Equal(["own"], owners["libown.so.1"]);
        Assert.Empty(owners["libnone.so.1"]);
    }
}
