using System.Runtime.InteropServices;
using System.Text;

namespace Mayfly.Linux;

/// <summary>The name that gethostname(2) gives in the calling thread's namespace.</summary>
public static partial class HostName
{
    public static void Set(string name)
    {
        if (sethostname(name, (nuint)Encoding.UTF8.GetByteCount(name)) != 0)
            throw LinuxException.Last("sethostname", name);
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int sethostname(string name, nuint length);
}
